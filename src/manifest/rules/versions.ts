import { nearestName } from "../../base/nearest-name.ts";
import { compareVersions, satisfies } from "../../compat/versions.ts";
import { quoted } from "../diagnostic.ts";
import type { Component } from "../release.ts";
import type { Rule } from "./rule.ts";

/** Known versions belong to components of the release. */
export const knownComponentsExist: Rule = ({ keysAt, error }) => {
  const names = keysAt(["components"]);
  for (const component of keysAt(["known"])) {
    if (names.includes(component)) continue;
    const nearest = nearestName(component, names);
    error(
      ["known", component],
      {
        code: "IOT_MANIFEST_COMPONENT_UNKNOWN",
        message: `Versions of ${quoted(component)} are known, but it is not a component of this release.`,
        hint: nearest === null ? `The components are ${names.join(", ")}.` : `Did you mean \`${nearest}\`?`,
      },
      "key",
    );
  }
};

/** Known versions are others than the release brings. */
export const knownVersionsAreOthers: Rule = ({ release, error }) => {
  for (const [component, versions] of Object.entries(release.known)) {
    const released = release.components[component]?.version;
    for (const version of Object.keys(versions)) {
      if (released === undefined || compareVersions(version, released) !== 0) continue;
      error(
        ["known", component, version],
        {
          code: "IOT_MANIFEST_KNOWN_IS_RELEASED",
          message: `${component} ${version} is the version that this release brings (${released}).`,
          hint: "Remove it here, or raise the version under `components`.",
        },
        "key",
      );
    }
  }
};

const keysOfKind: Readonly<Record<Component["kind"], readonly string[]>> = {
  app: ["artifact", "bridges"],
  firmware: ["variants", "installs-over", "security-counter"],
  service: [],
};

/** A known version has only what its kind of component has. */
export const knownVersionsFitTheirKind: Rule = ({ release, error }) => {
  for (const [component, versions] of Object.entries(release.known)) {
    const kind = release.components[component]?.kind;
    if (kind === undefined) continue;
    for (const [version, known] of Object.entries(versions)) {
      const { artifact, bridges, installsOver, securityCounter, variants } = known;
      const has = {
        artifact,
        variants,
        "installs-over": installsOver,
        "security-counter": securityCounter,
        bridges,
      };
      for (const [key, value] of Object.entries(has)) {
        if (value === undefined || keysOfKind[kind].includes(key)) continue;
        error(
          ["known", component, version, key],
          {
            code: "IOT_MANIFEST_KNOWN_MISFIT",
            message: `${component} is of kind ${kind}, which has no \`${key}\`.`,
            hint: `A known version of it takes ${["requires", ...keysOfKind[kind], "stuck"].join(", ")}.`,
          },
          "key",
        );
      }
    }
  }
};

/** A firmware replaces other versions than itself. */
export const firmwareInstallsOverOthers: Rule = ({ release, error }) => {
  const report = (path: string[], component: string, version: string, range: string | undefined): void => {
    if (range === undefined || !satisfies(version, range)) return;
    error([...path, "installs-over"], {
      code: "IOT_MANIFEST_INSTALLS_OVER_ITSELF",
      message: `${component} ${version} installs over ${quoted(range)}, which contains ${version} itself.`,
      hint: `End the range below it, for example with <${version}.`,
    });
  };
  for (const [component, value] of Object.entries(release.components)) {
    if (value.kind === "firmware") {
      report(["components", component], component, value.version, value.installsOver);
    }
  }
  for (const [component, versions] of Object.entries(release.known)) {
    for (const [version, { installsOver }] of Object.entries(versions)) {
      report(["known", component, version], component, version, installsOver);
    }
  }
};

/** No two components are the same app: each would replace the other in the store. */
export const appsAreDistinct: Rule = ({ release, error }) => {
  const owners = new Map<string, string>();
  for (const [component, value] of Object.entries(release.components)) {
    if (value.kind !== "app") continue;
    const app = `${value.platform} ${value.id}`;
    const owner = owners.get(app);
    if (owner === undefined) {
      owners.set(app, component);
      continue;
    }
    error(["components", component, "id"], {
      code: "IOT_MANIFEST_APP_TWICE",
      message: `${component} is the ${value.platform} app ${quoted(value.id)}, and so is ${owner}.`,
    });
  }
};
