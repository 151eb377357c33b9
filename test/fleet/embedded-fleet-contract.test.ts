import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.ts";
import { formatPairedApps } from "../../src/ddi/paired-apps.ts";
import { chunkMetadata, deviceAttribute } from "../../src/ddi/wire.ts";
import { EmbeddedFleet } from "../../src/fleet/embedded/embedded-fleet.ts";
import { startFleetServer } from "../../src/server/fleet-server.ts";
import { type DeviceDriver, fleetBackendContract } from "../contract/fleet-backend.ts";
import { DdiDevice, imageHref } from "../support/ddi-device.ts";

fleetBackendContract("embedded", async () => {
  const dir = mkdtempSync(join(tmpdir(), "iotctl-contract-"));
  const server = await startFleetServer({ dir, pollIntervalMs: 1000, clock: systemClock });
  const backend = new EmbeddedFleet({ url: server.url, token: server.controlToken });
  return {
    backend,
    async addDevice(id, { hardware, labels = {} }) {
      const [registered] = await backend.registerDevices([{ id, hardware, labels }]);
      return driver(new DdiDevice(server.url, id, registered?.token ?? ""));
    },
    async close() {
      await server.close();
      rmSync(dir, { recursive: true });
    },
  };
});

function driver(device: DdiDevice): DeviceDriver {
  const offered = async () => {
    const { deployment } = await device.deployment();
    const [chunk] = deployment.chunks;
    if (!chunk) throw new Error("the deployment has no chunk");
    return { chunk, staged: deployment.download === "forced" && deployment.update === "skip" };
  };
  const metadata = async (key: string) =>
    (await offered()).chunk.metadata?.find((entry) => entry.key === key)?.value ?? "";
  return {
    async contact() {
      const links = await device.links();
      return links["cancelAction"] ? "cancel" : links["deploymentBase"] ? "install" : "nothing";
    },
    async fetch() {
      const { chunk, staged } = await offered();
      const rollback = (await metadata(chunkMetadata.rollback)) === "true";
      return { component: chunk.name, version: chunk.version, rollback, ...(staged && { staged }) };
    },
    async download() {
      return (await device.send(imageHref(await device.deployment()))).body;
    },
    async attestation() {
      return (await device.send(await metadata(chunkMetadata.attestation))).body;
    },
    async report(state, message) {
      const { id } = await device.deployment();
      const [execution, finished] = {
        downloading: ["download", "none"] as const,
        installing: ["proceeding", "none"] as const,
        succeeded: ["closed", "success"] as const,
        failed: ["closed", "failure"] as const,
      }[state];
      await device.feedback("deploymentBase", id, execution, finished, message === "" ? [] : [message]);
    },
    async reportStaged(message) {
      const { id } = await device.deployment();
      const details = message === "" ? [] : [message];
      await device.feedback("deploymentBase", id, "downloaded", "success", details);
    },
    async answerCancel(answer) {
      const { cancelAction = "" } = await device.links();
      const { id } = (await device.send(cancelAction)).json;
      await device.feedback("cancelAction", id, answer === "agreed" ? "closed" : "rejected", "success");
    },
    async runs(version, apps = []) {
      await device.attributes({
        [deviceAttribute.version]: version,
        [deviceAttribute.apps]: formatPairedApps(apps),
      });
    },
  };
}
