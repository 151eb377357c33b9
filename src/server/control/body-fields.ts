import { isRecord } from "../../ddi/parsed.ts";
import { Refusal } from "../refusal.ts";

function malformed(message: string): Refusal {
  return new Refusal(400, "malformed-body", message);
}

export function recordField(body: unknown, name: string): Readonly<Record<string, unknown>> {
  const value = isRecord(body) ? body[name] : undefined;
  if (!isRecord(value)) throw malformed(`${name} must be an object.`);
  return value;
}

export function listField(body: unknown, name: string): readonly unknown[] {
  const value = isRecord(body) ? body[name] : undefined;
  if (!Array.isArray(value)) throw malformed(`${name} must be a list.`);
  return value;
}

/** A string that `accepts` takes; any of at most 256 characters without it. */
export function textField(
  body: unknown,
  name: string,
  accepts: (text: string) => boolean = (text) => text.length <= 256,
): string {
  const value = isRecord(body) ? body[name] : undefined;
  if (typeof value !== "string" || !accepts(value)) {
    throw malformed(`${name} is malformed: ${JSON.stringify(value ?? null).slice(0, 100)}.`);
  }
  return value;
}

export function sizeField(body: unknown, name: string): number {
  const value = isRecord(body) ? body[name] : undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw malformed(`${name} must be a number of bytes.`);
  return value as number;
}

export function flagField(body: unknown, name: string): boolean {
  const value = isRecord(body) ? body[name] : undefined;
  if (typeof value !== "boolean") throw malformed(`${name} must be true or false.`);
  return value;
}

/** A list of texts that `accepts` takes, each once. */
export function textListField(
  body: unknown,
  name: string,
  accepts: (text: string) => boolean,
): readonly string[] {
  const list = listField(body, name);
  const wrong = list.find((item) => typeof item !== "string" || !accepts(item));
  if (wrong !== undefined)
    throw malformed(`${name} holds a malformed entry: ${JSON.stringify(wrong).slice(0, 100)}.`);
  return [...new Set(list as readonly string[])];
}
