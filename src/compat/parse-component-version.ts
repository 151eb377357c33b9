import type { ComponentVersion } from "./verdict.ts";
import { isVersion } from "./versions.ts";

/** Reads `fan@2.0.0`; null when the text is not a component and a semver version. */
export function parseComponentVersion(text: string): ComponentVersion | null {
  const at = text.lastIndexOf("@");
  const [component, version] = [text.slice(0, at), text.slice(at + 1)];
  return at > 0 && isVersion(version) ? { component, version } : null;
}
