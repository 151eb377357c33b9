/** A `${NAME}` that could not be filled. */
export interface UnfilledVariable {
  readonly name: string;
  readonly reason: "unset" | "malformed" | "reserved";
  /** Where it stands in the text. */
  readonly index: number;
}

/**
 * Replaces each `${NAME}` by the variable's value; `$${NAME}` stands for the text `${NAME}`. A name in
 * `reserved` has a meaning of its own without braces, and none with them.
 */
export function fillVariables(
  text: string,
  env: NodeJS.ProcessEnv,
  reserved: readonly string[] = [],
): { text: string; unfilled: readonly UnfilledVariable[] } {
  const unfilled: UnfilledVariable[] = [];
  const filled = text.replaceAll(
    /\$(\$?)\{([^{}]*)\}/g,
    (whole, escape: string, name: string, index: number) => {
      if (reserved.includes(name)) {
        unfilled.push({ name, reason: "reserved", index });
        return whole;
      }
      if (escape) return whole.slice(1);
      const malformed = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
      const value = malformed ? undefined : env[name];
      if (value !== undefined) return value;
      unfilled.push({ name, reason: malformed ? "malformed" : "unset", index });
      return whole;
    },
  );
  return { text: filled, unfilled };
}
