import { readBoundedFile } from "../../base/bounded-file.ts";
import { IotctlError, messageOf } from "../../base/errors.ts";
import type { Environment } from "../../manifest/environment.ts";
import type { TrustedKeyFile } from "../../signing/load-trusted-keys.ts";
import { type TrustedKey, trustedKeyFromPem } from "../../signing/trusted-key.ts";
import type { Approver } from "../engine/state.ts";

/** Throws what is wrong with the keys of those whom `iotctl.yaml` names, as `approversOf` does. */
export function assertApproversUsable(environment: Pick<Environment, "approvals" | "name">): void {
  approversOf(environment, []);
}

/**
 * Whose consent counts in an environment: those whom `iotctl.yaml` names, or else the holders of the
 * trusted signing keys. Throws IOT_APPROVER_KEY_SHARED where one key would count as two people, and
 * IOT_KEY_INVALID or IOT_FILE_UNREADABLE for a key that cannot be used.
 */
export function approversOf(
  { approvals, name }: Pick<Environment, "approvals" | "name">,
  trustedKeys: readonly TrustedKeyFile[],
): Approver[] {
  const owners = new Map<string, string>();
  const byKey = (person: string, key: TrustedKey): Approver => {
    const owner = owners.get(key.hint);
    if (owner !== undefined && owner !== person) throw keyShared(name, key.hint, [owner, person]);
    owners.set(key.hint, person);
    return { name: person, publicKeyPem: key.publicKey.export({ type: "spki", format: "pem" }).toString() };
  };
  if (approvals.approvers.length === 0) {
    const names = holderNames(trustedKeys);
    return trustedKeys.map((key, index) => byKey(names[index] ?? key.file, key));
  }
  return approvals.approvers.map((approver) =>
    "keyFile" in approver ? byKey(approver.name, readKey(approver)) : approver,
  );
}

/** The key of one approver; what is wrong with it names both them and the file. */
function readKey({ keyFile, name }: { readonly keyFile: string; readonly name: string }): TrustedKey {
  try {
    const pem = readBoundedFile(keyFile, 64 * 1024, "it").toString("latin1");
    return trustedKeyFromPem(pem);
  } catch (error) {
    if (!(error instanceof IotctlError)) throw error;
    const hint = `Write the public half of their key there: openssl pkey -in <their key> -pubout -out ${keyFile}`;
    throw new IotctlError(
      error.code,
      `The key of approver ${name}, ${keyFile}, cannot be used. ${messageOf(error)}`,
      { hints: [hint], details: { ...error.details, approver: name, path: keyFile }, cause: error },
    );
  }
}

/** The one developer, or what each file is called; the whole path where two are called the same. */
function holderNames(keys: readonly TrustedKeyFile[]): string[] {
  if (keys.length === 1) return ["developer"];
  const names = keys.map(({ file }) => file.replace(/^.*[/\\]/, "").replace(/(\.pub)?\.pem$/, ""));
  return names.map((name, index) =>
    names.indexOf(name) === names.lastIndexOf(name) ? name : (keys[index]?.file ?? name),
  );
}

function keyShared(environment: string, hint: string, names: readonly string[]): IotctlError {
  return new IotctlError(
    "IOT_APPROVER_KEY_SHARED",
    `In environment ${environment} the key ${hint} is that of ${names.join(" and of ")}: one key is one person.`,
    {
      hints: ["Give each approver in iotctl.yaml a key of their own"],
      details: { environment, hint, approvers: names },
    },
  );
}
