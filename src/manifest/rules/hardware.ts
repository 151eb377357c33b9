import { quoted } from "../diagnostic.ts";
import type { Path } from "../source-node.ts";
import type { Rule, RuleContext } from "./rule.ts";

/** A hardware model belongs to one firmware component: which one a device runs is told by its model. */
export const hardwareIsDistinct: Rule = (context) => {
  const owners = new Map<string, string>();
  for (const { component, model, path } of imagesOf(context)) {
    const owner = owners.get(model) ?? component;
    owners.set(model, owner);
    if (owner === component) continue;
    context.error(
      path,
      {
        code: "IOT_MANIFEST_HARDWARE_TWICE",
        message: `${component} has an image for the hardware ${quoted(model)}, and so has ${owner}.`,
        hint: "Keep it in the firmware that runs on this hardware, or give one of them another model name.",
      },
      "key",
    );
  }
};

interface Image {
  readonly component: string;
  readonly model: string;
  readonly path: Path;
}

/** Images of what the release brings first, so that a known version never owns what is released. */
function* imagesOf({ release }: RuleContext): Generator<Image> {
  for (const [component, value] of Object.entries(release.components)) {
    if (value.kind !== "firmware") continue;
    for (const model of Object.keys(value.variants)) {
      yield { component, model, path: ["components", component, "variants", model] };
    }
  }
  for (const [component, versions] of Object.entries(release.known)) {
    if (release.components[component]?.kind !== "firmware") continue;
    for (const [version, { variants = {} }] of Object.entries(versions)) {
      for (const model of Object.keys(variants)) {
        yield { component, model, path: ["known", component, version, "variants", model] };
      }
    }
  }
}
