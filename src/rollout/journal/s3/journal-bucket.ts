import type { GetObjectCommandOutput, ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { IotctlError } from "../../../base/errors.ts";
import type { S3JournalSettings } from "../../../manifest/environment.ts";
import { type OpenClient, openClient } from "./open-client.ts";
import { agelessStore, hasStatus, storeError, unsafeStore } from "./store-error.ts";

/** Far more than a look at a million devices comes to. */
export const objectBytesMax = 64 * 1024 * 1024;

/** Of a thousand names each. */
const pagesMax = 200;
const conflictsMax = 5;
/** No id of a rollout begins with this character. */
const probeKey = "!probe";

export interface StoredText {
  readonly text: string;
  /** How long ago it was written, by the store's own clock, to the second; NaN when the store does not say. */
  readonly ageMs: number;
}

/**
 * The part of a bucket below a prefix, as texts by name. Every method throws
 * IOT_JOURNAL_STORE_UNREACHABLE, or IOT_JOURNAL_STORE_REFUSED with what the store says. Whose
 * credentials are used is what AWS's tools would use: those of the environment first.
 */
export class JournalBucket {
  /** As a person would look it up. */
  readonly place: string;
  readonly #settings: S3JournalSettings;
  readonly #silentMs: number;
  #opened: Promise<OpenClient> | null = null;
  #isProven = false;

  /** A request that brings nothing for `silentMs` has failed. */
  constructor(settings: S3JournalSettings, silentMs = 30_000) {
    this.#settings = settings;
    this.#silentMs = silentMs;
    this.place = `s3://${settings.bucket}/${settings.prefix}`;
  }

  /**
   * Writes a text where there is none, as the only one who does. Gives null when that was done, and
   * else the text that is there: it may be the very same, of an earlier attempt whose answer was lost.
   * IOT_JOURNAL_STORE_UNSAFE when the store would have let two write.
   */
  async putIfAbsent(name: string, text: string): Promise<string | null> {
    await this.#proveExclusive();
    for (let conflicts = 0; conflicts < conflictsMax; conflicts += 1) {
      if (await this.#putExclusive(name, text)) return null;
      const there = await this.get(name);
      // Nothing is there yet when the store answered before one of two that write at once was done.
      if (there) return there.text;
    }
    throw storeError(new Error(`${name} is neither written nor readable`), this.#settings);
  }

  async put(name: string, text: string): Promise<void> {
    await this.#ask(({ sdk, client }) => client.send(new sdk.PutObjectCommand(this.#object(name, text))));
  }

  async get(name: string): Promise<StoredText | null> {
    return this.#ask(async ({ sdk, client }) => {
      const command = new sdk.GetObjectCommand(this.#key(name));
      let answeredAtMs = Number.NaN;
      command.middlewareStack.add(
        (next) => async (request) => {
          const result = await next(request);
          const { headers } = result.response as { headers: Readonly<Record<string, string>> };
          answeredAtMs = Date.parse(headers["date"] ?? "");
          return result;
        },
        { step: "deserialize", priority: "high" },
      );
      const answer = await client.send(command).catch((error: unknown) => {
        if (error instanceof sdk.NoSuchKey) return null;
        throw error;
      });
      if (answer === null) return null;
      const ageMs = answeredAtMs - (answer.LastModified?.getTime() ?? Number.NaN);
      return { text: await this.#textOf(name, answer), ageMs };
    });
  }

  async remove(name: string): Promise<void> {
    await this.#ask(({ sdk, client }) => client.send(new sdk.DeleteObjectCommand(this.#key(name))));
  }

  /** Names directly below `under` (which ends with a slash) that come behind `after`, in the order of their bytes. */
  async names(under: string, after = ""): Promise<readonly string[]> {
    const pages = await this.#pages(under, after);
    return pages.flatMap(({ Contents = [] }) => Contents.map(({ Key = "" }) => this.#nameBelow(under, Key)));
  }

  /** Names of the folders at the top. */
  async folders(): Promise<readonly string[]> {
    const pages = await this.#pages("", "");
    return pages.flatMap(({ CommonPrefixes = [] }) =>
      CommonPrefixes.map(({ Prefix = "" }) => this.#nameBelow("", Prefix).slice(0, -1)),
    );
  }

  async #pages(under: string, after: string): Promise<readonly ListObjectsV2CommandOutput[]> {
    const { bucket, prefix } = this.#settings;
    const pages: ListObjectsV2CommandOutput[] = [];
    for (let token: string | undefined; pages.length === 0 || token !== undefined;) {
      if (pages.length === pagesMax) throw this.#tooMuch(under, `more than ${pagesMax} pages of names`);
      const request = {
        Bucket: bucket,
        Prefix: `${prefix}${under}`,
        Delimiter: "/",
        ...(after !== "" && { StartAfter: `${prefix}${under}${after}` }),
        ...(token !== undefined && { ContinuationToken: token }),
      };
      const page = await this.#ask(({ sdk, client }) => client.send(new sdk.ListObjectsV2Command(request)));
      pages.push(page);
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    }
    return pages;
  }

  /**
   * A store that knows nothing of conditions would answer every writer that it was the first; by one
   * that does not say how old an object is, the lease of a process that died would never end.
   */
  async #proveExclusive(): Promise<void> {
    if (this.#isProven) return;
    const wasFirst = await this.#putExclusive(probeKey, "{}");
    if (wasFirst && (await this.#putExclusive(probeKey, "{}"))) throw unsafeStore(this.#settings);
    const probe = await this.get(probeKey);
    if (probe && Number.isNaN(probe.ageMs)) throw agelessStore(this.#settings);
    // What is not there yet, in the middle of another's write, is asked about the next time.
    this.#isProven = probe !== null;
  }

  /** Whether nothing was there before. */
  async #putExclusive(name: string, text: string): Promise<boolean> {
    return this.#ask(async ({ sdk, client }) => {
      try {
        await client.send(new sdk.PutObjectCommand({ ...this.#object(name, text), IfNoneMatch: "*" }));
        return true;
      } catch (error) {
        if (hasStatus(error, 412, 409)) return false;
        if (hasStatus(error, 501)) throw unsafeStore(this.#settings, error);
        throw error;
      }
    });
  }

  async #textOf(name: string, { Body, ContentLength = Infinity }: GetObjectCommandOutput): Promise<string> {
    if (ContentLength > objectBytesMax) throw this.#tooMuch(name, `${ContentLength} bytes`);
    return (await Body?.transformToString("utf8")) ?? "";
  }

  async #ask<T>(request: (opened: OpenClient) => Promise<T>): Promise<T> {
    try {
      return await request(await (this.#opened ??= openClient(this.#settings, this.#silentMs)));
    } catch (error) {
      throw error instanceof IotctlError ? error : storeError(error, this.#settings);
    }
  }

  #tooMuch(name: string, howMuch: string): IotctlError {
    return storeError(new Error(`${name} holds ${howMuch}, which no journal does`), this.#settings);
  }

  #key(name: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#settings.bucket, Key: `${this.#settings.prefix}${name}` };
  }

  #object(name: string, text: string) {
    return { ...this.#key(name), Body: text, ContentType: "application/json" };
  }

  #nameBelow(under: string, key: string): string {
    return key.slice(this.#settings.prefix.length + under.length);
  }
}
