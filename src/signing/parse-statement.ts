import * as z from "zod";
import { canonicalJson } from "../base/canonical-json.ts";
import { messageOf } from "../base/errors.ts";
import { signatureInvalid } from "./signature-errors.ts";
import { type Statement, statementType } from "./statement.ts";

const statementSchema = z.strictObject({
  _type: z.literal(statementType),
  subject: z
    .array(
      z.strictObject({
        name: z.string(),
        digest: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      }),
    )
    .min(1),
  predicateType: z.string(),
  predicate: z.record(z.string(), z.unknown()),
});

/** The statement in a DSSE payload; IOT_SIGNATURE_INVALID when it is not one in canonical JSON. */
export function parseStatement(payload: Uint8Array): Statement {
  const value = parseJson(payload);
  // Also excludes duplicate members, of which different readers take different ones.
  if (canonicalJson(value) !== Buffer.from(payload).toString()) {
    throw signatureInvalid("its statement is not canonical JSON");
  }
  const checked = statementSchema.safeParse(value);
  if (!checked.success) {
    throw signatureInvalid(`its payload is not an in-toto statement: ${z.prettifyError(checked.error)}`);
  }
  const names = new Set(checked.data.subject.map((subject) => subject.name));
  if (names.size < checked.data.subject.length) throw signatureInvalid("its statement names a subject twice");
  return checked.data;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw signatureInvalid(`its statement is not JSON: ${messageOf(error)}`, error);
  }
}
