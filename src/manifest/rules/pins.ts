import { nearestName } from "../../base/nearest-name.ts";
import { satisfies } from "../../compat/versions.ts";
import { quoted } from "../diagnostic.ts";
import type { Path } from "../source-node.ts";
import type { Rule, RuleContext } from "./rule.ts";

interface Pin {
  readonly component: string;
  readonly version: string;
  readonly other: string;
  readonly range: string;
  readonly path: Path;
  /** Whether the release brings the version that pins, rather than knowing it. */
  readonly released: boolean;
}

/** Every pin names another component of the release. */
export const pinsNameOthers: Rule = (context) => {
  const components = context.keysAt(["components"]);
  const check = (component: string, path: Path): void => {
    for (const other of context.keysAt([...path, "requires"])) {
      const at = [...path, "requires", other];
      if (other === component) reportSelf(context, component, at);
      else if (!components.includes(other)) reportUnknown(context, component, other, at);
    }
  };
  for (const component of components) check(component, ["components", component]);
  for (const component of context.keysAt(["known"])) {
    for (const version of context.keysAt(["known", component]))
      check(component, ["known", component, version]);
  }
};

/** Some version of its peer lies in the range of every pin. */
export const pinsAreSatisfiable: Rule = (context) => {
  for (const { component, version, other, range, path, released } of pinsOf(context)) {
    const versions = context.versionsOf(other);
    if (other === component || versions === null) continue;
    if (versions.some((candidate) => satisfies(candidate, range))) continue;
    // A version in the field may well need something that nobody runs any more.
    const report = released ? context.error : context.warning;
    report(path, {
      code: "IOT_MANIFEST_PIN_UNSATISFIABLE",
      message: `${component} ${version} needs ${other} ${quoted(range)}, but the versions of ${other} here are ${versions.join(", ")}.`,
      hint: "Correct the range, or add the version that it means under `known`.",
    });
  }
};

/** The versions that a release brings together accept one another. */
export const releaseAgreesWithItself: Rule = (context) => {
  for (const { component, version, other, range, path, released } of pinsOf(context)) {
    const peer = context.release.components[other];
    if (!released || other === component || !peer || satisfies(peer.version, range)) continue;
    // A range without any version at all is said by `pinsAreSatisfiable`.
    if (!context.versionsOf(other)?.some((candidate) => satisfies(candidate, range))) continue;
    context.error(path, {
      code: "IOT_MANIFEST_PIN_CONTRADICTED",
      message: `${component} ${version} needs ${other} ${quoted(range)}, but this release brings ${other} ${peer.version}.`,
      hint: `Widen the range, or release a ${other} that lies in it.`,
    });
  }
};

function* pinsOf({ release }: RuleContext): Generator<Pin> {
  for (const [component, { version, requires }] of Object.entries(release.components)) {
    for (const [other, range] of Object.entries(requires)) {
      const path = ["components", component, "requires", other];
      yield { component, version, other, range, path, released: true };
    }
  }
  for (const [component, versions] of Object.entries(release.known)) {
    for (const [version, { requires }] of Object.entries(versions)) {
      for (const [other, range] of Object.entries(requires)) {
        const path = ["known", component, version, "requires", other];
        yield { component, version, other, range, path, released: false };
      }
    }
  }
}

function reportSelf({ release, error }: RuleContext, component: string, path: Path): void {
  const firmware = release.components[component]?.kind === "firmware";
  error(
    path,
    {
      code: "IOT_MANIFEST_PIN_ON_ITSELF",
      message: `${component} requires itself.`,
      hint: firmware ? "Which versions it can replace is said by `installs-over`." : "Remove this pin.",
    },
    "key",
  );
}

function reportUnknown({ error, keysAt }: RuleContext, component: string, other: string, path: Path): void {
  const names = keysAt(["components"]).filter((name) => name !== component);
  const nearest = nearestName(other, names);
  error(
    path,
    {
      code: "IOT_MANIFEST_COMPONENT_UNKNOWN",
      message: `${component} requires ${quoted(other)}, which is not a component of this release.`,
      hint:
        nearest === null ? `The others are ${names.join(", ") || "none"}.` : `Did you mean \`${nearest}\`?`,
    },
    "key",
  );
}
