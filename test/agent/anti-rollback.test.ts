// A device that ran a security counter never runs a lower one, whatever the server offers and whoever signed it.
import { expect, test } from "vitest";
import type { ResolvedRelease } from "../../src/bundle/resolved-release.ts";
import { fanImage, fanResolved, signRelease } from "../support/fan-images.ts";
import { deviceBench } from "./device-bench.ts";

/** The release of fan 2.0.0 and its known 1.9.4 with these counters. */
function counted(counter: number | undefined, known?: number): ResolvedRelease {
  const release = fanResolved();
  const says = (value: number | undefined) => (value === undefined ? {} : { securityCounter: value });
  const fan = { ...release.components["fan"]!, ...says(counter) };
  const older = { ...release.known["fan"]!["1.9.4"]!, ...says(known) };
  return {
    ...release,
    components: { ...release.components, fan },
    known: { ...release.known, fan: { ...release.known["fan"], "1.9.4": older } },
  };
}

async function updated(to: ResolvedRelease) {
  const bench = await deviceBench();
  const { boot, server, signer } = bench;
  const agent = boot();
  const image = fanImage("fan-a1", "2.0.0");
  server.offer({ component: "fan", version: "2.0.0", image, attestation: await signRelease(to, signer) });
  await agent.turn();
  expect(await agent.running()).toMatchObject({ version: "2.0.0" });
  const offerOld = async (release: ResolvedRelease) => {
    const attestation = await signRelease(release, signer);
    const old = { component: "fan", version: "1.9.4", image: fanImage("fan-a1", "1.9.4"), attestation };
    const action = server.offer({ ...old, rollback: true });
    await agent.turn();
    return { action, said: server.lastFeedback(action)?.details?.[0] };
  };
  return { agent, bench, offerOld };
}

test("the way back to a lower counter is refused, with both numbers", async () => {
  const { agent, offerOld } = await updated(counted(3, 2));
  const { action, said } = await offerOld(counted(3, 2));
  expect(action.closed).toBe("failure");
  expect(said).toBe("fan@1.9.4 has security counter 2, the device has run one with 3");
  expect(await agent.running()).toMatchObject({ version: "2.0.0" });
});

test("the device remembers its counter, so that no older release talks it down", async () => {
  const { agent, bench, offerOld } = await updated(counted(3));
  expect(agent.state).toMatchObject({ securityCounter: 3 });
  const { said } = await offerOld(fanResolved());
  expect(said).toContain("has security counter 0, the device has run one with 3");
  // As it is after a reboot, too.
  expect(JSON.parse(bench.flash.state.read() ?? "")).toMatchObject({ securityCounter: 3 });
});

test("releases that say nothing of counters are as they were", async () => {
  const { agent, offerOld } = await updated(fanResolved());
  expect(agent.state).not.toHaveProperty("securityCounter");
  expect((await offerOld(fanResolved())).action.closed).toBe("success");
});

test("the same counter is no reason against the way back", async () => {
  const { offerOld } = await updated(counted(3, 3));
  expect((await offerOld(counted(3, 3))).action.closed).toBe("success");
});
