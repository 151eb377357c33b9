import { formatComponentVersion } from "../../compat/verdict.ts";
import type { WayBackView } from "../../rollout/engine/describe-way-back.ts";
import { table } from "../table.ts";
import { terminalLine } from "../terminal-text.ts";

/** Who goes back, who cannot and why, what to do instead. */
export function wayBackText({ goes, remains, stays }: WayBackView): string {
  const rows = goes.map(({ component, devices, from, to }) => [
    component,
    from.join(", "),
    to,
    String(devices),
  ]);
  const columns = [
    { title: "GOES BACK" },
    { title: "FROM" },
    { title: "TO" },
    { title: "DEVICES", align: "right" as const },
  ];
  const whenEmpty = stays.length > 0 ? "No device can go back." : "No device was updated, so none goes back.";
  const lines = [table(columns, rows, { whenEmpty })];
  for (const { component, devices, from, instead, to, why } of stays) {
    lines.push(
      terminalLine(
        `Stays: ${component} ${from.join(", ")} on ${counted(devices)} that ran ${to || "nobody knows what"}; ${why}`,
      ),
      ...instead.map((what) => `    ${terminalLine(what)}`),
    );
  }
  if (remains.length > 0)
    lines.push(
      `Not taken back: ${remains.map(formatComponentVersion).join(", ")}; stores stop offering apps.`,
    );
  return lines.join("\n");
}

function counted(devices: number): string {
  return devices === 1 ? "1 device" : `${devices} devices`;
}
