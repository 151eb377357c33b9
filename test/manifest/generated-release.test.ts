import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createRelation } from "../../src/compat/relation.ts";
import { artifactsOf } from "../../src/manifest/check-artifacts.ts";
import { factsOfRelease } from "../../src/manifest/release-facts.ts";
import { diagnosticsOf, releaseOf } from "./manifest-texts.ts";

const version = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).map((parts) => parts.join("."));
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,4})?$/).filter((text) => !(text in {}));
const percents = fc
  .uniqueArray(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 4 })
  .map((list) =>
    [...list.toSorted((a, b) => a - b).filter((percent) => percent < 100), 100].map(
      (percent) => `${percent}%`,
    ),
  );

/** What a user might write, as plain data: always valid, whatever is drawn. */
const written = fc
  .record({
    names: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
    kinds: fc.array(fc.constantFrom("app", "firmware", "service"), { minLength: 5, maxLength: 5 }),
    versions: fc.array(fc.uniqueArray(version, { minLength: 1, maxLength: 4 }), {
      minLength: 5,
      maxLength: 5,
    }),
    pins: fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 6 }),
    devices: percents,
    apps: percents,
    bake: fc.option(fc.constantFrom("1h", "90s", "0s", "1h30m")),
    approve: fc.option(fc.nat(20)),
    pairing: fc.option(fc.constantFrom("observed", "arbitrary")),
  })
  .map(({ names, kinds, versions, pins, devices, apps, bake, approve, pairing }) => {
    const components = Object.fromEntries(
      names.map((component, index) => {
        const kind = kinds[index]!;
        const requires = Object.fromEntries(
          pins
            .filter(([from, to]) => from === index && to !== index && to < names.length)
            .map(([, to]) => [names[to]!, `>=${versions[to]![0]!}`]),
        );
        const own = {
          app: { platform: "ios", id: `com.example.${component}`, artifact: `${component}.ipa` },
          firmware: { variants: { [`${component}-a1`]: `${component}.bin` } },
          service: {},
        }[kind];
        return [component, { kind, version: versions[index]![0]!, requires, ...own }];
      }),
    );
    const known = Object.fromEntries(
      names.map((component, index) => [
        component,
        Object.fromEntries(versions[index]!.slice(1).map((older) => [older, {}])),
      ]),
    );
    const stage = { name: "all", devices, apps, ...(bake && { bake }), ...(approve !== null && { approve }) };
    return {
      apiVersion: "iotctl.dev/v1",
      kind: "Release",
      product: "generated",
      version: "1.0.0",
      components,
      known,
      rollout: { stages: [stage] },
      ...(pairing && { pairing }),
    };
  });

describe("any release that keeps the rules", () => {
  it("loads from YAML of any layout and from JSON to the same value", () => {
    fc.assert(
      fc.property(
        written,
        fc.constantFrom({}, { collectionStyle: "flow" } as const, { indent: 4 }),
        (release, layout) => {
          const text = stringify(release, layout);
          expect(diagnosticsOf(text)).toEqual([]);
          const loaded = releaseOf(text);
          expect(releaseOf(JSON.stringify(release))).toEqual(loaded);
          expect(Object.keys(loaded.components)).toEqual(Object.keys(release.components));
          const { waves } = loaded.rollout.stages[0]!;
          expect(waves).toHaveLength(
            Math.max(release.rollout.stages[0]!.devices.length, release.rollout.stages[0]!.apps.length),
          );
          expect(waves.at(-1)).toEqual({ devices: { kind: "percent", percent: 100 }, appsPercent: 100 });
        },
      ),
      { numRuns: 150 },
    );
  });

  it("has facts for each of its versions, installable where it has something to install", () => {
    fc.assert(
      fc.property(written, (release) => {
        const loaded = releaseOf(stringify(release));
        const facts = factsOfRelease(loaded);
        const count = Object.values(release.known).reduce(
          (sum, versions) => sum + Object.keys(versions).length,
          0,
        );
        expect(facts).toHaveLength(Object.keys(release.components).length + count);
        for (const { component, hardware, installable, kind, version: of } of facts) {
          const released = loaded.components[component]!.version === of;
          expect(installable).toBe(released || kind === "service");
          expect(hardware).toEqual(released && kind === "firmware" ? [`${component}-a1`] : []);
        }
        expect(createRelation(facts).components()).toEqual(Object.keys(release.components).toSorted());
        expect([...artifactsOf(loaded)]).toHaveLength(
          Object.values(release.components).filter(({ kind }) => kind !== "service").length,
        );
      }),
      { numRuns: 100 },
    );
  });
});
