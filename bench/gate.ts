// Which of a million devices fit the app of their phone: the table of verdicts against npm's semver on the
// same pairs. Once only the app says what it needs of the firmware, once each says what it needs of the other.
import semver from "semver";
import { createRelation, type VersionFacts } from "../src/compat/relation.ts";
import { createVerdictTable } from "../src/compat/verdict-table.ts";
import { median, reportFigure } from "./figure.ts";

const bench = "gate";
const pairCount = 1_000_000;
const rounds = 5;
const tablePassesPerRound = 5;
const includePrerelease = { includePrerelease: true };

function factsOf(bothDeclare: boolean): { firmware: VersionFacts[]; apps: VersionFacts[] } {
  const more = { installable: true, hardware: [] };
  const firmware = Array.from({ length: 120 }, (_, n): VersionFacts => {
    const version = `${1 + Math.floor(n / 40)}.${n % 40}.${n % 7}${n % 10 === 9 ? "-rc.1" : ""}`;
    const requires = bothDeclare ? { app: `>=4.${Math.floor(n / 6)}.0` } : {};
    return { component: "fan", version, kind: "firmware", requires, ...more };
  });
  const apps = Array.from({ length: 40 }, (_, n): VersionFacts => {
    const requires = { fan: `>=1.${n}.0 <${n < 20 ? 3 : 4}.0.0` };
    return { component: "app", version: `4.${n}.0`, kind: "app", requires, ...more };
  });
  return { firmware, apps };
}

/** Versions of a million devices or phones as they arrive, each a string of its own, and what they need. */
function draw(facts: readonly VersionFacts[], other: string): { versions: string[]; needs: string[] } {
  const drawn = Array.from({ length: pairCount }, () => facts[Math.floor(Math.random() * facts.length)]);
  const versions = JSON.parse(JSON.stringify(drawn.map((fact) => fact?.version))) as string[];
  return { versions, needs: drawn.map((fact) => fact?.requires[other] ?? "") };
}

function timeMs(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

function measure(bothDeclare: boolean): void {
  const { apps, firmware } = factsOf(bothDeclare);
  const [devices, phones] = [draw(firmware, "app"), draw(apps, "fan")];
  const [rows, columns] = [new Uint16Array(pairCount), new Uint16Array(pairCount)];
  const [admitted, expected] = [new Uint8Array(pairCount), new Uint8Array(pairCount)];
  const times = {
    build: [] as number[],
    intern: [] as number[],
    table: [] as number[],
    semver: [] as number[],
  };

  const askSemver = (): void => {
    for (let index = 0; index < pairCount; index++) {
      const device = devices.versions[index] ?? "";
      const phone = phones.versions[index] ?? "";
      const fits =
        semver.satisfies(device, phones.needs[index] ?? "", includePrerelease) &&
        (!bothDeclare || semver.satisfies(phone, devices.needs[index] ?? "", includePrerelease));
      expected[index] = fits ? 1 : 0;
    }
  };

  for (let round = 0; round < rounds; round++) {
    let table = createVerdictTable(createRelation([]), "fan", "app");
    const build = (): void => {
      table = createVerdictTable(createRelation([...firmware, ...apps]), "fan", "app");
    };
    const intern = (): void => {
      for (let index = 0; index < pairCount; index++) {
        rows[index] = table.internRow(devices.versions[index] ?? "");
        columns[index] = table.internColumn(phones.versions[index] ?? "");
      }
    };
    times.build.push(timeMs(build));
    times.intern.push(timeMs(intern));
    for (let pass = 0; pass < tablePassesPerRound; pass++) {
      times.table.push(timeMs(() => table.admitPairs(rows, columns, admitted)));
    }
    times.semver.push(timeMs(askSemver));
    if (Buffer.compare(admitted, expected) !== 0) throw new Error("the table and semver disagree");
  }

  const declared = bothDeclare ? "two ranges a pair" : "one range a pair";
  const against = `semver.satisfies, ${declared}`;
  const perSecond = (ms: number): number => (pairCount / ms) * 1000;
  const reference = perSecond(median(times.semver));
  reportFigure({ bench, figure: against, value: reference, unit: "pairs/s", n: rounds });
  for (const [figure, ms, n] of [
    ["table", median(times.table), times.table.length],
    ["table, versions numbered first", median(times.table) + median(times.intern), rounds],
  ] as const) {
    const value = perSecond(ms);
    const unit = "pairs/s";
    reportFigure({
      bench,
      figure: `${figure}, ${declared}`,
      value,
      unit,
      against,
      ratio: value / reference,
      n,
    });
  }
  if (bothDeclare) return;
  reportFigure({
    bench,
    figure: "numbering the versions of a million pairs, once",
    value: median(times.intern),
    unit: "ms",
    n: rounds,
  });
  reportFigure({
    bench,
    figure: `building a table of ${firmware.length} × ${apps.length} versions`,
    value: median(times.build),
    unit: "ms",
    n: rounds,
  });
}

measure(false);
measure(true);
