import type { VisitAnswer, VisitsRequest, VisitsResponse } from "../agent/app-link.ts";
import { requestJson } from "../base/json-request.ts";
import type { Link, MeetingsSummary } from "../storefronts/local/wire.ts";
import { MeetingTally } from "./meeting-tally.ts";
import type { Visit } from "./phone-population.ts";

const batchMax = 256;
const outstandingMax = 4096;
const concurrencyMax = 8;
const timeoutMs = 5000;
const answerLimitBytes = 1 << 20;

/**
 * Carries visits to the devices in batches, one request at a time to each link, and counts what
 * came of them. A link that is away or slow costs its own phones their visit and nobody else's.
 */
export class PhoneVisits {
  readonly #onDone: (visits: readonly Visit[]) => void;
  readonly #tally = new MeetingTally();
  readonly #stopped = new AbortController();
  readonly #waiting = new Map<string, Visit[]>();
  readonly #busyUrls = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #links = new Map<string, string>();
  #defaultLink: string | null = null;
  #outstanding = 0;
  #met = 0;
  #failed = 0;
  #unlinked = 0;

  /** `onDone` hears of every visit once it is over, however it went. */
  constructor(onDone: (visits: readonly Visit[]) => void) {
    this.#onDone = onDone;
  }

  /** How many visits it would take on now. */
  get room(): number {
    return outstandingMax - this.#outstanding;
  }

  setLinks(links: readonly Link[]): void {
    this.#links = new Map();
    this.#defaultLink = null;
    for (const { url, devices } of links) {
      if (devices === "*") this.#defaultLink = url;
      else for (const device of devices) this.#links.set(device, url);
    }
  }

  send(visits: readonly Visit[]): void {
    this.#outstanding += visits.length;
    const byUrl = Map.groupBy(
      visits,
      (visit) => visit.link ?? this.#links.get(visit.device) ?? this.#defaultLink,
    );
    for (const [url, group] of byUrl) {
      if (url === null) {
        this.#unlinked += group.length;
        this.#finish(group);
      } else {
        this.#waiting.set(url, [...(this.#waiting.get(url) ?? []), ...group]);
      }
    }
    this.#pump();
  }

  summary(): MeetingsSummary {
    return {
      meetings: this.#tally.meetings(),
      visits: { met: this.#met, failed: this.#failed, unlinked: this.#unlinked },
    };
  }

  /** Gives up what is under way and waits until nothing is. */
  async stop(): Promise<void> {
    this.#waiting.clear();
    this.#stopped.abort(new Error("the storefront stops"));
    await Promise.all(this.#running);
  }

  #pump(): void {
    for (const [url, visits] of this.#waiting) {
      if (this.#running.size >= concurrencyMax) return;
      if (this.#busyUrls.has(url)) continue;
      // Taken out and put back at the end, so that the links take turns.
      this.#waiting.delete(url);
      if (visits.length > batchMax) this.#waiting.set(url, visits.slice(batchMax));
      this.#start(url, visits.slice(0, batchMax));
    }
  }

  #start(url: string, visits: readonly Visit[]): void {
    this.#busyUrls.add(url);
    const run = this.#deliver(url, visits).finally(() => {
      this.#running.delete(run);
      this.#busyUrls.delete(url);
      this.#finish(visits);
      this.#pump();
    });
    this.#running.add(run);
  }

  async #deliver(url: string, visits: readonly Visit[]): Promise<void> {
    try {
      const body: VisitsRequest = {
        visits: visits.map(({ device, phone, component, version }) => ({
          device,
          phone,
          component,
          version,
        })),
      };
      const answer = await requestJson(`${url.replace(/\/$/, "")}/visits`, {
        method: "POST",
        body,
        timeoutMs,
        limitBytes: answerLimitBytes,
        signal: this.#stopped.signal,
      });
      this.#count(visits, answer.status === 200 ? answersOf(answer.value) : []);
    } catch {
      this.#failed += visits.length;
    }
  }

  /** Answers come in the order of the visits: two phones may meet one device before and after its update. */
  #count(visits: readonly Visit[], answers: readonly unknown[]): void {
    for (const [index, { device, component, version }] of visits.entries()) {
      const answer = answers[index];
      if (!isAnswer(answer) || answer.device !== device) {
        this.#failed++;
        continue;
      }
      this.#met++;
      const { answering, staged } = answer;
      const met = { component: answer.component, version: answer.version };
      this.#tally.add(
        { component, version },
        { ...met, ...(typeof staged === "string" && { staged }) },
        answering,
      );
    }
  }

  #finish(visits: readonly Visit[]): void {
    this.#outstanding -= visits.length;
    this.#onDone(visits);
  }
}

function answersOf(value: unknown): readonly unknown[] {
  const answers = (value as Partial<VisitsResponse> | null | undefined)?.answers;
  return Array.isArray(answers) ? answers : [];
}

/** A link without such a device answers for it too, with no version: that is no meeting. */
function isAnswer(value: unknown): value is VisitAnswer {
  const { device, component, version, answering } = (value ?? {}) as Partial<VisitAnswer>;
  return (
    typeof device === "string" &&
    typeof component === "string" &&
    typeof version === "string" &&
    version !== "" &&
    typeof answering === "boolean"
  );
}
