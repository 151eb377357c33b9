import { describe, expect, it } from "vitest";
import type { AppRelease, Storefront, StorefrontStatus } from "../../src/storefronts/storefront.ts";

/** A store of its own for one test, with users of one app whose installs can be waited for. */
export interface StorefrontUnderTest {
  readonly storefront: Storefront;
  /** Sets this many users of `component` with this version. */
  readonly setUsers: (component: string, version: string, users: number) => Promise<void>;
  /** Lets every user who is offered a version take it. */
  readonly settle: () => Promise<void>;
}

const component = "app-android";
const users = 400;

function appRelease(version: string, content = "a"): AppRelease {
  return {
    component,
    platform: "android",
    appId: "com.example.fan",
    version,
    digest: `sha256:${content.repeat(64)}`,
  };
}

function usersOf(status: StorefrontStatus, version: string): number {
  return status.installed?.find((installed) => installed.version === version)?.users ?? 0;
}

function releaseOf(status: StorefrontStatus, version: string): unknown {
  return status.releases.find((release) => release.version === version);
}

/** What every storefront must do. `withStorefront` runs the body with a fresh store and cleans up after it. */
export function describeStorefront(
  name: string,
  withStorefront: (body: (subject: StorefrontUnderTest) => Promise<void>) => Promise<void>,
): void {
  describe(`${name} keeps the storefront contract`, () => {
    it("knows no release of an app that was never published", () =>
      withStorefront(async ({ storefront }) => {
        expect((await storefront.status("nothing")).releases).toEqual([]);
      }));

    it("publishes without showing it to anybody, as often as asked", () =>
      withStorefront(async ({ storefront, setUsers, settle }) => {
        await setUsers(component, "4.1.0", users);
        await storefront.publish(appRelease("4.2.0"));
        await storefront.publish(appRelease("4.2.0"));
        await settle();
        const status = await storefront.status(component);
        expect(status.releases).toEqual([{ version: "4.2.0", state: "draft", percent: 0 }]);
        expect(usersOf(status, "4.1.0")).toBe(users);
      }));

    it("refuses other content under a published version", () =>
      withStorefront(async ({ storefront }) => {
        await storefront.publish(appRelease("4.2.0", "a"));
        await expect(storefront.publish(appRelease("4.2.0", "b"))).rejects.toMatchObject({
          code: "IOT_STOREFRONT_CONFLICT",
          exit: 3,
        });
        await storefront.publish(appRelease("4.2.0", "a"));
      }));

    it("refuses a version lower than a published one", () =>
      withStorefront(async ({ storefront }) => {
        await storefront.publish(appRelease("4.2.0"));
        await expect(storefront.publish(appRelease("4.1.9", "b"))).rejects.toMatchObject({
          code: "IOT_STOREFRONT_REFUSED",
        });
        expect((await storefront.status(component)).releases).toHaveLength(1);
      }));

    it("refuses to show what is not published", () =>
      withStorefront(async ({ storefront }) => {
        await expect(storefront.expose(component, "4.2.0", 10)).rejects.toMatchObject({
          code: "IOT_STOREFRONT_REFUSED",
        });
      }));

    it("shows 0 % to nobody", () =>
      withStorefront(async ({ storefront, setUsers, settle }) => {
        await setUsers(component, "4.1.0", users);
        await storefront.publish(appRelease("4.2.0"));
        await storefront.expose(component, "4.2.0", 0);
        await settle();
        expect(usersOf(await storefront.status(component), "4.2.0")).toBe(0);
      }));

    it("shows a share to about that share, and never to fewer afterwards", () =>
      withStorefront(async ({ storefront, setUsers, settle }) => {
        await setUsers(component, "4.1.0", users);
        await storefront.publish(appRelease("4.2.0"));
        await storefront.expose(component, "4.2.0", 30);
        await settle();
        const atThirty = usersOf(await storefront.status(component), "4.2.0");
        expect(atThirty).toBeGreaterThan(users * 0.2);
        expect(atThirty).toBeLessThan(users * 0.4);

        await storefront.expose(component, "4.2.0", 10);
        await storefront.expose(component, "4.2.0", 30);
        await settle();
        const status = await storefront.status(component);
        expect(usersOf(status, "4.2.0")).toBe(atThirty);
        expect(releaseOf(status, "4.2.0")).toEqual({ version: "4.2.0", state: "exposed", percent: 30 });
      }));

    it("completes at 100 %, which is everybody", () =>
      withStorefront(async ({ storefront, setUsers, settle }) => {
        await setUsers(component, "4.1.0", users);
        await storefront.publish(appRelease("4.2.0"));
        await storefront.expose(component, "4.2.0", 100);
        await settle();
        const status = await storefront.status(component);
        expect(releaseOf(status, "4.2.0")).toEqual({ version: "4.2.0", state: "completed", percent: 100 });
        if (status.installed) expect(status.installed).toEqual([{ version: "4.2.0", users }]);
      }));

    it("stops new installs on halt and leaves the old ones alone", () =>
      withStorefront(async ({ storefront, setUsers, settle }) => {
        await setUsers(component, "4.1.0", users);
        await storefront.publish(appRelease("4.2.0"));
        await storefront.expose(component, "4.2.0", 30);
        await settle();
        const before = usersOf(await storefront.status(component), "4.2.0");
        await storefront.halt(component, "4.2.0");
        await storefront.halt(component, "4.2.0");
        await settle();
        const status = await storefront.status(component);
        expect(usersOf(status, "4.2.0")).toBe(before);
        expect(releaseOf(status, "4.2.0")).toEqual({ version: "4.2.0", state: "halted", percent: 30 });
      }));

    it("shows a halted version to nobody else; only a higher version goes on", () =>
      withStorefront(async ({ storefront, setUsers, settle }) => {
        await setUsers(component, "4.1.0", users);
        await storefront.publish(appRelease("4.2.0"));
        await storefront.expose(component, "4.2.0", 30);
        await storefront.halt(component, "4.2.0");
        await storefront.expose(component, "4.2.0", 30);
        await expect(storefront.expose(component, "4.2.0", 50)).rejects.toMatchObject({
          code: "IOT_STOREFRONT_REFUSED",
        });
        await storefront.publish(appRelease("4.2.1", "b"));
        await storefront.expose(component, "4.2.1", 100);
        await settle();
        expect(usersOf(await storefront.status(component), "4.2.1")).toBe(users);
      }));

    it("takes the halt of a version it never had as done", () =>
      withStorefront(async ({ storefront }) => {
        await storefront.halt(component, "9.9.9");
        expect((await storefront.status(component)).releases).toEqual([]);
      }));
  });
}
