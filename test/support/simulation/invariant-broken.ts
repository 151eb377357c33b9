/** Something that must hold at every instant did not. */
export class InvariantBroken extends Error {
  override readonly name = "InvariantBroken";
}

export function broken(what: string): never {
  throw new InvariantBroken(what);
}
