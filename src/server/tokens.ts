import { hash, randomBytes, timingSafeEqual } from "node:crypto";

/** A new secret: 43 characters of base64url, 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/** What is stored of a token. Plain SHA-256 is enough, a random 256-bit token cannot be guessed offline. */
export function tokenHash(token: string): string {
  return hash("sha256", token, "hex");
}

/** Whether a presented token is the one with this hash, in a time that does not depend on where they differ. */
export function tokenMatches(presented: string, storedHash: string): boolean {
  const a = Buffer.from(tokenHash(presented));
  const b = Buffer.from(storedHash);
  return a.length === b.length && timingSafeEqual(a, b);
}
