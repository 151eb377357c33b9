import { expect, test } from "vitest";
import { cosignCommand } from "../../src/signing/cosign-command.ts";

test("prints a command whose words survive a shell", () => {
  const command = cosignCommand({
    bundleFile: "out/my bundle/it's.json",
    publicKeyFile: "release.pub.pem",
    predicateType: "https://iotctl.dev/attestations/release/v1",
    digest: `sha256:${"a".repeat(64)}`,
  });
  expect(command).toBe(
    "cosign verify-blob-attestation --bundle 'out/my bundle/it'\\''s.json' --key release.pub.pem " +
      "--insecure-ignore-tlog=true --type https://iotctl.dev/attestations/release/v1 " +
      `--digest ${"a".repeat(64)} --digestAlg sha256`,
  );
});
