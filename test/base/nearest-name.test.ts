import { describe, expect, it } from "vitest";
import { nearestName } from "../../src/base/nearest-name.ts";

describe("nearestName", () => {
  const names = ["requires", "version", "variants", "installs-over", "kind", "id"];

  it.each([
    ["requries", "requires"],
    ["verison", "version"],
    ["Version", "version"],
    ["installsOver", "installs-over"],
    ["knd", "kind"],
    ["varaints", "variants"],
  ])("takes %s for %s", (typed, meant) => {
    expect(nearestName(typed, names)).toBe(meant);
  });

  it.each(["", "x", "platform", "id2345", "abcd"])("takes %j for nothing", (typed) => {
    expect(nearestName(typed, names)).toBeNull();
  });

  it("counts a swap of neighbours once", () => {
    expect(nearestName("ab", ["ba"])).toBe("ba");
    expect(nearestName("ab", ["cd"])).toBeNull();
  });
});
