import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { compareVersions } from "../../src/compat/versions.ts";
import { inCohort } from "../../src/rollout/engine/cohort.ts";
import { type Install, PhonePopulation } from "../../src/simulation/phone-population.ts";
import type { ShelfRelease } from "../../src/simulation/store-shelf.ts";
import type { Phone } from "../../src/storefronts/local/wire.ts";

const hourMs = 3_600_000;

function population(overrides: { seed?: number; eagerPercent?: number } = {}): PhonePopulation {
  return new PhonePopulation({
    random: seededRandom(overrides.seed ?? 1),
    adoptionMeanMs: hourMs,
    visitIntervalMs: hourMs,
    eagerPercent: overrides.eagerPercent ?? 0,
  });
}

function phones(count: number, version = "1.0.0"): Phone[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `phone-${index}`,
    component: "app",
    version,
    device: `device-${index}`,
  }));
}

function release(version: string, percent: number, overrides: Partial<ShelfRelease> = {}): ShelfRelease {
  return {
    component: "app",
    platform: "android",
    appId: "com.example.fan",
    version,
    digest: "sha256:00",
    percent,
    halted: false,
    reviewedAtMs: 0,
    ...overrides,
  };
}

function installsUntil(subject: PhonePopulation, nowMs: number): Install[] {
  const seen: Install[] = [];
  subject.install(nowMs, (installs) => seen.push(...installs));
  return seen;
}

describe("PhonePopulation", () => {
  it("adopts along an exponential curve around the mean", () => {
    const subject = population();
    subject.setPhones(phones(4000), 0);
    subject.setShelf([release("2.0.0", 100)], 0);
    expect(installsUntil(subject, 0)).toEqual([]);
    const afterOneMean = installsUntil(subject, hourMs).length / 4000;
    expect(afterOneMean).toBeGreaterThan(0.6);
    expect(afterOneMean).toBeLessThan(0.66);
    installsUntil(subject, 30 * hourMs);
    expect(subject.versions()).toEqual([{ component: "app", version: "2.0.0", phones: 4000 }]);
  });

  it("gives a halted release to nobody else, not even to who was about to take it", () => {
    const subject = population();
    subject.setPhones(phones(1000), 0);
    subject.setShelf([release("2.0.0", 100)], 0);
    const before = installsUntil(subject, hourMs / 2).length;
    expect(before).toBeGreaterThan(0);
    subject.setShelf([release("2.0.0", 100, { halted: true })], hourMs / 2);
    expect(installsUntil(subject, 100 * hourMs)).toEqual([]);
    expect(subject.versions().find(({ version }) => version === "2.0.0")?.phones).toBe(before);
  });

  it("takes the newest version it is offered", () => {
    const subject = population();
    subject.setPhones(phones(200), 0);
    subject.setShelf([release("2.0.0", 100)], 0);
    subject.setShelf([release("2.0.0", 100), release("3.0.0", 50)], 1);
    const installs = installsUntil(subject, 100 * hourMs);
    expect(new Set(installs.map((install) => install.version))).toEqual(new Set(["2.0.0", "3.0.0"]));
    expect(new Set(installs.map((install) => install.phone)).size).toBe(installs.length);
  });

  it("lets eager iOS users install at once at any share, Android users not, and nobody at 0 %", () => {
    const atOnce = (shown: ShelfRelease): number => {
      const subject = population({ eagerPercent: 100 });
      subject.setPhones(phones(100), 0);
      subject.setShelf([shown], 0);
      return installsUntil(subject, 0).length;
    };
    expect(atOnce(release("2.0.0", 0, { platform: "ios" }))).toBe(0);
    expect(atOnce(release("2.0.0", 1, { platform: "android" }))).toBe(0);
    expect(atOnce(release("2.0.0", 1, { platform: "ios" }))).toBe(100);
  });

  it("installs nothing that could not be recorded, and tries again", () => {
    const subject = population();
    subject.setPhones(phones(50), 0);
    subject.setShelf([release("2.0.0", 100)], 0);
    expect(() =>
      subject.install(100 * hourMs, () => {
        throw new Error("no room");
      }),
    ).toThrow("no room");
    expect(subject.versions()).toEqual([{ component: "app", version: "1.0.0", phones: 50 }]);
    expect(installsUntil(subject, 100 * hourMs)).toHaveLength(50);
  });

  it("visits once an interval or so, never twice at a time, with the version of now", () => {
    const subject = population();
    subject.setPhones([{ ...phones(1)[0]!, link: "http://127.0.0.1:1/" }], 0);
    const [visit] = subject.takeVisits(hourMs, 10);
    expect(visit).toEqual({
      phone: "phone-0",
      device: "device-0",
      component: "app",
      version: "1.0.0",
      link: "http://127.0.0.1:1/",
    });
    expect(subject.takeVisits(1000 * hourMs, 10)).toEqual([]);
    subject.setShelf([release("2.0.0", 100)], hourMs);
    installsUntil(subject, 1000 * hourMs);
    subject.visited("phone-0", 1000 * hourMs);
    subject.visited("phone-0", 1000 * hourMs);
    expect(subject.takeVisits(1000.4 * hourMs, 10)).toEqual([]);
    expect(subject.takeVisits(1001.5 * hourMs, 10)).toMatchObject([{ version: "2.0.0" }]);
  });

  it("leaves the visits of a population that was replaced out of the new one's rounds", () => {
    const subject = population();
    subject.setPhones(phones(1), 0);
    expect(subject.takeVisits(hourMs, 10)).toHaveLength(1);
    subject.setPhones(phones(1), hourMs);
    subject.visited("phone-0", hourMs);
    expect(subject.takeVisits(10 * hourMs, 10)).toHaveLength(1);
  });

  it("takes at most as many visits as there is room for and keeps the others due", () => {
    const subject = population();
    subject.setPhones(phones(10), 0);
    expect(subject.takeVisits(hourMs, 4)).toHaveLength(4);
    expect(subject.takeVisits(hourMs, 100)).toHaveLength(6);
  });

  it("never moves a phone down, nor past what its share of the store shows", () => {
    const versions = ["0.9.0", "1.1.0", "1.2.0-rc.1", "1.2.0"];
    const shelf = fc.array(
      fc.record({ version: fc.constantFrom(...versions), percent: fc.nat(100), halted: fc.boolean() }),
      { maxLength: 3 },
    );
    fc.assert(
      fc.property(fc.array(shelf, { maxLength: 8 }), fc.integer(), (shelves, seed) => {
        const subject = population({ seed });
        subject.setPhones(phones(20), 0);
        const installed = new Map(phones(20).map((phone) => [phone.id, phone.version]));
        for (const [hour, shown] of shelves.entries()) {
          const releases = shown.map(({ version, percent, halted }) => release(version, percent, { halted }));
          subject.setShelf(releases, hour * hourMs);
          for (const { phone, version } of installsUntil(subject, (hour + 1) * hourMs)) {
            expect(compareVersions(version, installed.get(phone)!)).toBeGreaterThan(0);
            const candidates = releases.filter((other) => other.version === version && !other.halted);
            expect(candidates.some(({ percent }) => inCohort(phone, `app@${version}`, percent))).toBe(true);
            installed.set(phone, version);
          }
        }
      }),
    );
  });
});
