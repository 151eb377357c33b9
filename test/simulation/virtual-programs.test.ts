import { expect, test } from "vitest";
import { VirtualPrograms } from "../../src/simulation/virtual-programs.ts";
import { fanImage } from "../support/fan-images.ts";

function ask(image: Uint8Array | string) {
  return new VirtualPrograms().get("digest", Buffer.from(image))?.() ?? null;
}

const program = (code: string): string => `#!/usr/bin/env node\n${code}`;

test("the example's firmware runs, and the faulty one fails its self-test", () => {
  expect(ask(fanImage("fan-b2", "2.0.0"))).toEqual({ kind: "healthy", version: "2.0.0", model: "fan-b2" });
  expect(ask(fanImage("fan-a1", "1.8.0"))).toEqual({ kind: "healthy", version: "1.8.0", model: "fan-a1" });
  expect(ask(fanImage("fan-a1", "faulty"))).toEqual({ kind: "stopped", reason: "its self-test fails" });
});

test("what is no program is none", () => {
  expect(ask(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0]))).toBeNull();
  expect(ask("#!/bin/sh\nexit 1\n")).toBeNull();
  expect(ask("")).toBeNull();
});

test.each([
  ["does not parse", "const = 1"],
  ["throws", "throw new Error('no oil')"],
  ["needs Node's own things at once", "require('node:fs')"],
  ["never ends", "for (;;);"],
  ["says nothing", "globalThis.other = 1"],
  ["never ends its self-test", "globalThis.firmware = { version: '1.0.0', selfTest() { for (;;); } }"],
  ["is not sure about itself", "globalThis.firmware = { version: '1.0.0', selfTest: () => 'yes' }"],
])("a program that %s does not run", (_, code) => {
  expect(ask(program(code))?.kind).toBe("stopped");
});

test("a program is loaded once, however many devices run it", () => {
  const programs = new VirtualPrograms();
  const image = fanImage("fan-a1", "2.0.0");
  expect(programs.get("sha256:1", image)).toBe(programs.get("sha256:1", image));
});
