import * as z from "zod/mini";
import { type TextKindName, type ValueKindName, valueKind } from "./value-kinds.ts";

/** Text of one kind; a problem with it carries the name of the kind as its message. */
export function text(kind: TextKindName, description?: string) {
  const { pattern } = valueKind(kind)!;
  return textOf(kind).check(
    z.meta({
      // An editor sees the variable where we see its value.
      ...(pattern ? { pattern: String.raw`${pattern}|\$\{\w+\}` } : {}),
      ...(description ? { description } : {}),
    }),
  );
}

function textOf(kind: TextKindName) {
  const { accepts } = valueKind(kind)!;
  return z.string({ error: kind }).check(z.refine((value) => accepts!(value), { error: kind }));
}

/** A whole number within bounds. */
export function integer(kind: ValueKindName, min: number, max: number, description: string) {
  return z
    .int({ error: kind })
    .check(z.minimum(min, { error: kind }), z.maximum(max, { error: kind }), z.meta({ description }));
}

/** A mapping with these keys and no others; a problem with a key carries the keys there are. */
export function mapping<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const keys = Object.keys(shape).join(" ");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? keys : "Invalid input"),
  });
}

/** A mapping from text of one kind to a value; `kind` says how many entries it has. */
export function entries<Value extends z.core.SomeType>(
  key: TextKindName,
  value: Value,
  { kind, min = 0, max }: { kind: ValueKindName; min?: number; max: number },
) {
  const { pattern } = valueKind(key)!;
  return z.record(textOf(key).check(z.meta(pattern ? { pattern } : {})), value, { error: kind }).check(
    z.refine((record) => Object.keys(record).length >= min && Object.keys(record).length <= max, {
      error: kind,
    }),
    z.meta({ ...(min > 0 ? { minProperties: min } : {}), maxProperties: max }),
  );
}

/** A list of values; `kind` says how many. */
export function list<Value extends z.core.SomeType>(
  value: Value,
  { kind, min = 0, max }: { kind: ValueKindName; min?: number; max: number },
) {
  return z
    .array(value, { error: kind })
    .check(z.minLength(min, { error: kind }), z.maxLength(max, { error: kind }));
}
