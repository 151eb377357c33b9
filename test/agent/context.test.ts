// What a device may run is proved by the release that brought it; what that fits, a later one may know better.
import { expect, test } from "vitest";
import type { ResolvedComponent, ResolvedRelease } from "../../src/bundle/resolved-release.ts";
import { contextsMax } from "../../src/fleet/fleet-backend.ts";
import { fanResolved, fanSigner, signRelease } from "../support/fan-images.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { type DeviceBench, deviceBench } from "./device-bench.ts";

/** The release of fan 2.0.0, in which the apps alone say what they need. */
function hopRelease(): ResolvedRelease {
  const release = fanResolved();
  const fan = { ...release.components["fan"]!, requires: {} };
  return { ...release, components: { ...release.components, fan } };
}

function app(version: string, fan: string | null): ResolvedComponent {
  const requires = fan === null ? {} : { fan };
  return { kind: "app", version, platform: "ios", appId: "com.example.fan", requires, artifacts: [] };
}

/** A later release, whose app is 4.3.0. */
function laterRelease(fan: string | null, more: Partial<ResolvedRelease> = {}): ResolvedRelease {
  const components = { "app-ios": app("4.3.0", fan) };
  return { schemaVersion: 1, product: "ceiling-fan", version: "2026.12.0", components, known: {}, ...more };
}

/** What becomes of the hop on a device whose phone has app 4.3.0. */
async function offerHop(bench: DeviceBench, context: readonly ResolvedRelease[]): Promise<string> {
  const { server, signer, apps, boot, release } = bench;
  apps.record({ phone: "phone-1", component: "app-ios", version: "4.3.0" });
  const signed = await Promise.all(context.map((one) => signRelease(one, signer)));
  const attestation = await signRelease(hopRelease(), signer);
  const action = server.offer({ ...(await release()), attestation, context: signed });
  await boot().turn();
  return action.closed ?? server.lastFeedback(action)?.details?.[0] ?? "";
}

test("a release that is older than the app on the phone knows nothing of it, and unknown never passes", async () => {
  expect(await offerHop(await deviceBench(), [])).toMatch(
    /^waiting: app-ios@4\.3\.0 not known to fit fan@2\.0\.0/,
  );
});

test("the release that brought the app says what it fits", async () => {
  expect(await offerHop(await deviceBench(), [laterRelease(">=2.0.0 <3.0.0")])).toBe("success");
});

test("what it does not fit stays where it is", async () => {
  expect(await offerHop(await deviceBench(), [laterRelease(">=2.1.0")])).toMatch(
    /^waiting: app-ios@4\.3\.0 does not fit fan@2\.0\.0/,
  );
});

test("where releases differ the first counts, and what it leaves out the next one says", async () => {
  const strict = laterRelease(">=2.1.0", { version: "2026.12.0" });
  const mended = laterRelease(null, {
    version: "2027.1.0",
    components: {},
    known: { "app-ios": { "4.3.0": app("4.3.0", ">=2.0.0") } },
  });
  const mute = laterRelease(null, { version: "2027.1.0" });
  expect(await offerHop(await deviceBench(), [mended, strict])).toBe("success");
  expect(await offerHop(await deviceBench(), [mute, strict])).toContain("does not fit");
  expect(await offerHop(await deviceBench(), [strict, mended])).toContain("does not fit");
});

test("what the later release says anew of the hop itself counts, but never what its image is", async () => {
  const { artifacts: _, ...fan } = hopRelease().components["fan"]!;
  const pins = { "app-ios": ">=4.4.0" };
  const known = { fan: { "2.0.0": { ...fan, requires: pins, artifacts: [] } } };
  const tightened = laterRelease(">=2.0.0", { known });
  expect(await offerHop(await deviceBench(), [tightened])).toContain("does not fit");
  const elsewhere = {
    filename: "x.bin",
    hardware: "fan-c3",
    digest: `sha256:${"1".repeat(64)}`,
    sizeBytes: 1,
  };
  const otherFiles = { fan: { "2.0.0": { ...fan, artifacts: [elsewhere] } } };
  expect(await offerHop(await deviceBench(), [laterRelease(">=2.0.0", { known: otherFiles })])).toBe(
    "success",
  );
});

test("no later release takes anything from what the proof says itself", async () => {
  const { server, signer, apps, boot, release } = await deviceBench();
  apps.record({ phone: "phone-1", component: "app-ios", version: "4.3.0" });
  const hop = hopRelease();
  const proof = { ...hop, known: { ...hop.known, "app-ios": { "4.3.0": app("4.3.0", ">=2.1.0") } } };
  const fan = { ...hop.components["fan"]!, requires: { "app-ios": "*" } };
  const loose = laterRelease(">=1.0.0", { known: { fan: { "2.0.0": { ...fan, artifacts: [] } } } });
  const [attestation, context] = await Promise.all([signRelease(proof, signer), signRelease(loose, signer)]);
  const action = server.offer({ ...(await release()), attestation, context: [context] });
  await boot().turn();
  expect(action.closed).toBeNull();
  expect(server.lastFeedback(action)?.details?.[0]).toMatch(
    /^waiting: app-ios@4\.3\.0 does not fit fan@2\.0\.0/,
  );
});

test("nothing counts that no trusted key signed, that is of another product, or that has no end", async () => {
  const bench = await deviceBench();
  const { server, signer, boot, release } = bench;
  const offer = { ...(await release()), attestation: await signRelease(hopRelease(), signer) };
  const stranger = fanSigner(temporaryDirectory(), "stranger");
  const reasonFor = async (context: readonly Uint8Array[]) => {
    const action = server.offer({ ...offer, context });
    await boot().turn();
    expect(action.closed).toBe("failure");
    return server.lastFeedback(action)?.details?.[0];
  };
  expect(await reasonFor([await signRelease(laterRelease(">=2.0.0"), stranger)])).toContain(
    "not signed by a trusted key",
  );
  expect(await reasonFor([await signRelease(laterRelease(null, { product: "lamp" }), signer)])).toBe(
    "release lamp 2026.12.0 is not one of ceiling-fan",
  );
  const signed = await signRelease(laterRelease(">=2.0.0"), signer);
  expect(await reasonFor(Array.from({ length: contextsMax + 1 }, () => signed))).toContain(
    "at most 16 are read",
  );
});

test("a device that waits reads each release once, for as long as the same action is offered", async () => {
  const { server, signer, apps, boot, release } = await deviceBench();
  const signed = await signRelease(laterRelease(">=2.1.0"), signer);
  const attestation = await signRelease(hopRelease(), signer);
  const offer = { ...(await release()), attestation, context: [signed, signed] };
  const agent = boot();
  const readsOf = (id: string) =>
    server.requests.filter(
      (request) => /^GET .(attestations|contexts)/.test(request) && request.includes(`/${id}`),
    );
  const first = server.offer(offer);
  apps.record({ phone: "phone-1", component: "app-ios", version: "4.3.0" });
  for (let turn = 0; turn < 3; turn++) await agent.turn();
  expect(server.lastFeedback(first)?.details?.[0]).toMatch(/^waiting: /);
  expect(readsOf(first.id)).toHaveLength(3);
  first.closed = "canceled";
  const second = server.offer(offer);
  await agent.turn();
  expect(readsOf(second.id)).toHaveLength(3);
  // What is no longer offered is not kept: the same action, offered again, is read again.
  second.closed = "canceled";
  await agent.turn();
  second.closed = null;
  await agent.turn();
  expect(readsOf(second.id)).toHaveLength(6);
});
