import { systemClock } from "../base/clock.ts";
import type { RolloutsSettings } from "../manifest/environment.ts";
import type { RolloutJournals } from "../rollout/journal/journal.ts";

/** The journals where an environment keeps them; `server` is asked only when that is the fleet server. */
export async function openJournals(
  settings: RolloutsSettings,
  server: () => { readonly url: string; readonly token: string },
): Promise<RolloutJournals> {
  switch (settings.kind) {
    case "directory": {
      const { DirectoryJournals } = await import("../rollout/journal/directory/directory-journals.ts");
      return new DirectoryJournals(settings.dir, systemClock);
    }
    case "server": {
      const { ServerJournals } = await import("../rollout/journal/server/server-journals.ts");
      return new ServerJournals({ ...server(), clock: systemClock });
    }
    case "s3": {
      const { S3Journals } = await import("../rollout/journal/s3/s3-journals.ts");
      return new S3Journals(settings, systemClock);
    }
  }
}
