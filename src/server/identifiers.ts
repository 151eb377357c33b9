/**
 * A device id is part of addresses that small clients hold in short buffers. What every object has,
 * `constructor` or `__proto__`, would be found where devices are looked up by name.
 */
export function isDeviceId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/.test(text) && !(text in {});
}

export function isAssignmentId(text: string): boolean {
  return /^[A-Za-z0-9._:@-]{1,128}$/.test(text);
}

/** Names the lease, such as `turn:fan-2.0.0`, or who holds it. */
export function isLeaseWord(text: string): boolean {
  return /^[\w.:@+-]{1,256}$/.test(text);
}

/** `sha256:<64 lower-case hex digits>` */
export function isDigest(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** A base name that can stand in an address and in a header once it is percent-encoded. */
export function isFilename(text: string): boolean {
  return (
    text.length <= 128 && /^[^/\\\p{Cc}]+$/u.test(text) && !/^\.{1,2}$/.test(text) && text.isWellFormed()
  );
}
