import { nearestName } from "../../base/nearest-name.ts";
import { quoted } from "../diagnostic.ts";
import type { Path } from "../source-node.ts";
import type { Rule } from "./rule.ts";

/** Which app drives the update of a device is known only where the pairing is. */
export const bridgesAreObserved: Rule = ({ lacks, release, warning }) => {
  if (release.pairing === "observed" || lacks(["pairing"])) return;
  for (const [app, component] of Object.entries(release.components)) {
    if (component.kind !== "app" || !component.bridges) continue;
    warning(
      ["components", app, "bridges"],
      {
        code: "IOT_MANIFEST_BRIDGE_UNUSED",
        message: `${app} bridges ${Object.keys(component.bridges).join(", ")}, but pairing is ${release.pairing}.`,
        hint: "Say `pairing: observed` where the fleet knows which phones meet which device.",
      },
      "key",
    );
  }
};

/** An app drives the updates of firmware that is in the release. */
export const bridgesLeadToFirmware: Rule = ({ error, keysAt, release }) => {
  const components = keysAt(["components"]);
  const kindOf = (name: string) => release.components[name]?.kind;
  const firmware = components.filter((name) => kindOf(name) === "firmware");
  const check = (app: string, path: Path): void => {
    for (const other of keysAt([...path, "bridges"])) {
      const kind = kindOf(other);
      // One that is there but could not be read may well be firmware.
      if (kind === "firmware" || (kind === undefined && components.includes(other))) continue;
      const nearest = nearestName(other, firmware);
      const hint =
        nearest === null
          ? `The firmware here is ${firmware.join(", ") || "none"}.`
          : `Did you mean \`${nearest}\`?`;
      const at = [...path, "bridges", other];
      if (kind === undefined) {
        const message = `${app} bridges ${quoted(other)}, which is not a component of this release.`;
        error(at, { code: "IOT_MANIFEST_COMPONENT_UNKNOWN", message, hint }, "key");
      } else {
        const message = `${app} bridges ${quoted(other)}, which is of kind ${kind}; only firmware can be bridged.`;
        error(at, { code: "IOT_MANIFEST_BRIDGE_TO_OTHER", message, hint }, "key");
      }
    }
  };
  // What else has bridges is refused by the schema or by `knownVersionsFitTheirKind`.
  for (const app of components.filter((name) => kindOf(name) === "app")) {
    check(app, ["components", app]);
    for (const version of keysAt(["known", app])) check(app, ["known", app, version]);
  }
};
