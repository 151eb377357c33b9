/** A device id is part of addresses that small clients hold in short buffers. */
export function isDeviceId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$/.test(text);
}

export function isAssignmentId(text: string): boolean {
  return /^[A-Za-z0-9._:@-]{1,128}$/.test(text);
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
