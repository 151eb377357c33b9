import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareVersions } from "../../src/compat/versions.ts";
import {
  type ShelfOutcome,
  type ShelfRelease,
  exposeRelease,
  haltRelease,
  publishRelease,
  shelfState,
} from "../../src/simulation/store-shelf.ts";
import type { AppRelease } from "../../src/storefronts/storefront.ts";

const app: AppRelease = {
  component: "app-ios",
  platform: "ios",
  appId: "com.example.fan",
  version: "4.2.0",
  digest: `sha256:${"a".repeat(64)}`,
};

function published(overrides: Partial<ShelfRelease> = {}): ShelfRelease {
  return { ...app, percent: 0, halted: false, reviewedAtMs: 0, ...overrides };
}

describe("publishRelease", () => {
  it("refuses another platform or app under one component", () => {
    const outcome = publishRelease([published()], { ...app, version: "4.3.0", platform: "android" }, 0, 0);
    expect(outcome).toMatchObject({
      kind: "conflict",
      message: expect.stringContaining("ios app com.example.fan"),
    });
  });

  it("refuses a version that differs from a published one in build metadata only", () => {
    const outcome = publishRelease([published()], { ...app, version: "4.2.0+7" }, 0, 0);
    expect(outcome.kind).toBe("refused");
  });

  it("lets components of other names alone", () => {
    const outcome = publishRelease(
      [published()],
      { ...app, component: "app-android", version: "1.0.0" },
      5,
      10,
    );
    expect(outcome).toMatchObject({
      kind: "changed",
      release: { version: "1.0.0", percent: 0, reviewedAtMs: 15 },
    });
  });
});

describe("exposeRelease", () => {
  it("shows nobody what is in review, and says how long it takes", () => {
    const release = published({ reviewedAtMs: 100 });
    expect(exposeRelease(release, 10, 40)).toMatchObject({ kind: "in-review", waitMs: 60 });
    expect(exposeRelease(release, 0, 40)).toMatchObject({ kind: "unchanged" });
    expect(exposeRelease(release, 10, 100)).toMatchObject({ kind: "changed", release: { percent: 10 } });
  });
});

describe("a shelf, whatever is asked of it", () => {
  const versions = ["1.0.0", "1.1.0-rc.1", "1.1.0", "2.0.0"];
  const request = fc.oneof(
    fc.record({
      kind: fc.constant("publish" as const),
      version: fc.constantFrom(...versions),
      digest: fc.constantFrom("a", "b"),
    }),
    fc.record({
      kind: fc.constant("expose" as const),
      index: fc.nat(3),
      percent: fc.integer({ min: 0, max: 100 }),
    }),
    fc.record({ kind: fc.constant("halt" as const), index: fc.nat(3) }),
  );

  it("never lowers exposure, never goes back a version, never revives what was halted", () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
        let shelf: ShelfRelease[] = [];
        for (const [nowMs, asked] of requests.entries()) {
          const release = asked.kind === "publish" ? undefined : shelf[asked.index];
          let outcome: ShelfOutcome | undefined;
          if (asked.kind === "publish") {
            outcome = publishRelease(
              shelf,
              { ...app, version: asked.version, digest: asked.digest },
              nowMs,
              3,
            );
          } else if (release) {
            outcome =
              asked.kind === "halt" ? haltRelease(release) : exposeRelease(release, asked.percent, nowMs);
          }
          if (outcome?.kind !== "changed") continue;
          const after = outcome.release;
          if (release) {
            expect(after.percent).toBeGreaterThanOrEqual(release.percent);
            expect(after.halted || !release.halted).toBe(true);
            if (release.halted) expect(after.percent).toBe(release.percent);
            shelf = shelf.map((other) => (other === release ? after : other));
          } else {
            for (const other of shelf)
              expect(compareVersions(after.version, other.version)).toBeGreaterThan(0);
            shelf = [...shelf, after];
          }
          expect(["draft", "exposed", "halted", "completed"]).toContain(shelfState(after));
        }
      }),
    );
  });
});
