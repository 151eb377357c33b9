/** `component@version` of an app that a device has talked to. */
export interface PairedApp {
  readonly component: string;
  readonly version: string;
}

/** Reads the `iotctl.apps` attribute; entries that are not `component@version` are left out, each pair counts once. */
export function parsePairedApps(text: string): readonly PairedApp[] {
  const apps = new Map<string, PairedApp>();
  for (const entry of text.split(",")) {
    const [, component, version] = /^\s*([^@\s]+)@([^@\s]+)\s*$/.exec(entry) ?? [];
    if (component && version) apps.set(`${component}@${version}`, { component, version });
  }
  return [...apps.values()];
}

/** The `iotctl.apps` attribute for these apps. */
export function formatPairedApps(apps: readonly PairedApp[]): string {
  return apps.map((app) => `${app.component}@${app.version}`).join(",");
}
