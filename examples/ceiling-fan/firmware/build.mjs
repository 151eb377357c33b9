// Makes the firmware images of this example out of fan.mjs: `node build.mjs [directory]`.
// The outputs are committed, so nobody has to build them; a test holds that they are fresh.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const here = import.meta.dirname;
const out = process.argv[2] ?? here;
const template = readFileSync(join(here, "fan.mjs"), "utf8");

const linear = "Math.round((speed * 100) / speeds)";
const quiet = "Math.round(100 * (speed / speeds) ** 1.5)";
// The winding burns: somebody took percent for a factor.
const overdriven = "Math.round(130 * (speed / speeds) ** 1.5)";

const speedsOf = { "fan-a1": 3, "fan-b2": 6 };
const builds = [
  { dir: "images", version: "1.8.0", power: linear },
  { dir: "images", version: "1.9.4", power: linear },
  { dir: "images", version: "2.0.0", power: quiet },
  { dir: "faulty", version: "2.0.0", power: overdriven },
];

for (const { dir, version, power } of builds) {
  for (const [model, speeds] of Object.entries(speedsOf)) {
    const path = join(out, dir, `${model}-${version}.bin`);
    mkdirSync(dirname(path), { recursive: true });
    const values = { MODEL: model, VERSION: version, SPEEDS: String(speeds), POWER: power };
    writeFileSync(
      path,
      template.replace(/__([A-Z]+)__/g, (_, name) => values[name]),
    );
    chmodSync(path, 0o755);
  }
}
