import { expect, test } from "vitest";
import { LateStorefront } from "../../src/cli/late-storefront.ts";
import type { Storefront } from "../../src/storefronts/storefront.ts";

test("a storefront is opened when it is first asked, and once", async () => {
  let opened = 0;
  const asked: string[] = [];
  const status = { releases: [], installed: null };
  const storefront = new LateStorefront("local", async (): Promise<Storefront> => {
    opened++;
    return {
      name: "local",
      publish: async ({ version }) => void asked.push(`publish ${version}`),
      expose: async (_, version, percent) => void asked.push(`expose ${version} ${percent}`),
      halt: async (_, version) => void asked.push(`halt ${version}`),
      status: async () => status,
    };
  });
  expect(opened).toBe(0);
  await storefront.publish({
    component: "app",
    platform: "ios",
    appId: "x",
    version: "1.0.0",
    digest: "sha256:0",
  });
  await storefront.expose("app", "1.0.0", 10);
  await storefront.halt("app", "1.0.0");
  expect(await storefront.status("app")).toBe(status);
  expect(asked).toEqual(["publish 1.0.0", "expose 1.0.0 10", "halt 1.0.0"]);
  expect(opened).toBe(1);
});
