import { describe, expect, it } from "vitest";
import { admitDevice, type GateRequest } from "../../src/compat/device-gate.ts";
import { createRelation } from "../../src/compat/relation.ts";
import { fact } from "../support/facts.ts";

const relation = createRelation([
  fact("app-ios", "4.0.0"),
  fact("app-ios", "4.1.0", { requires: { fan: ">=1.8.0 <2.1.0" } }),
  fact("app-ios", "5.0.0", { requires: { fan: ">=2.0.0" } }),
  fact("fan", "1.9.4"),
  fact("fan", "2.0.0", {
    requires: { "app-ios": ">=4.1.0", cloud: ">=5.1.0" },
    installsOver: ">=1.8.0 <2.0.0",
    hardware: ["fan-a1"],
  }),
  fact("cloud", "5.0.0", { requires: { fan: ">=1.0.0" } }),
  fact("cloud", "5.1.0", { requires: { fan: ">=1.0.0" } }),
]);
const app = (version: string) => ({ component: "app-ios", version });

function admit(device: Partial<GateRequest["device"]>, rollback = false) {
  return admitDevice({
    device: {
      hardware: "fan-a1",
      installed: "1.9.4",
      pairedApps: [app("4.1.0")],
      peers: [{ component: "cloud", version: "5.1.0" }],
      busy: false,
      ...device,
    },
    target: { component: "fan", version: "2.0.0" },
    relation,
    rollback,
  });
}
const codes = (device: Partial<GateRequest["device"]>): string[] =>
  admit(device).reasons.map((reason) => reason.code);

describe("the gate of one device", () => {
  it("admits a device for which everything fits", () => {
    expect(admit({})).toEqual({ admitted: true, repairs: false, reasons: [] });
  });
  it("refuses hardware without an image", () => expect(codes({ hardware: "fan-c3" })).toEqual(["hardware"]));
  it("refuses a busy device", () => expect(codes({ busy: true })).toEqual(["busy"]));
  it("refuses a device that never said what it runs", () => {
    expect(codes({ installed: null })).toEqual(["version-unknown"]);
  });
  it("refuses a version outside installs-over", () => {
    expect(codes({ installed: "1.7.0" })).toContain("installs-over");
  });
  it("lets a rollback go below installs-over", () => {
    expect(admit({ installed: "3.0.0", pairedApps: [], peers: [] }, true).admitted).toBe(true);
  });
  it("refuses a device whose phone the new version does not fit", () => {
    expect(codes({ pairedApps: [app("4.1.0"), app("4.0.0")] })).toContain("incompatible");
  });
  it("refuses a device with a peer that the new version does not fit", () => {
    expect(codes({ peers: [{ component: "cloud", version: "5.0.0" }] })).toEqual(["incompatible"]);
  });
  it("never takes unknown for compatible, towards the new or the installed version", () => {
    expect(codes({ pairedApps: [app("9.9.9")] })).toContain("incompatible");
  });
  it("repairs a pair that is broken already, asking about the new version only", () => {
    expect(admit({ pairedApps: [app("5.0.0")] })).toEqual({ admitted: true, repairs: true, reasons: [] });
  });
  describe("with a security counter", () => {
    const counted = createRelation([
      fact("fan", "1.9.4", { securityCounter: 2 }),
      fact("fan", "2.0.0", { securityCounter: 3 }),
      fact("fan", "2.1.0"),
    ]);
    const ask = (version: string, device: Partial<GateRequest["device"]>, rollback = false) =>
      admitDevice({
        device: { hardware: "a1", installed: "1.9.4", pairedApps: [], peers: [], busy: false, ...device },
        target: { component: "fan", version },
        relation: counted,
        rollback,
      }).reasons;

    it("admits one that is as high or higher", () => {
      expect(ask("2.0.0", {})).toEqual([]);
      expect(ask("1.9.4", { installed: "1.8.0" })).toEqual([]);
    });
    it("refuses a lower one forwards and on the way back, and names both numbers", () => {
      const message = "fan@2.1.0 has security counter 0, the device has run one with 3";
      expect(ask("2.1.0", { installed: "2.0.0" })).toEqual([{ code: "anti-rollback", message }]);
      expect(ask("1.9.4", { installed: "2.0.0" }, true)).toMatchObject([{ code: "anti-rollback" }]);
    });
    it("refuses a lower one than the device remembers, whatever it runs", () => {
      expect(ask("2.0.0", { securityCounter: 4 })).toMatchObject([{ code: "anti-rollback" }]);
      expect(ask("2.0.0", { installed: null, securityCounter: 4 })).toMatchObject([
        { code: "anti-rollback" },
        { code: "version-unknown" },
      ]);
    });
  });
  it("names everything that stands against it at once", () => {
    expect(codes({ hardware: "x", busy: true, pairedApps: [app("4.0.0")] })).toEqual(
      expect.arrayContaining(["hardware", "busy", "incompatible"]),
    );
  });
});
