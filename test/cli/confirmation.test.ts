import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { confirm, type Confirmation } from "../../src/cli/confirmation.ts";
import { thrownBy } from "../support/thrown-by.ts";

function asked(more: Partial<Confirmation> = {}): Confirmation & { input: PassThrough; output: PassThrough } {
  const options = { question: "Approve stage fleet?", details: { stage: "fleet" }, yes: false, canAsk: true };
  return { ...options, input: new PassThrough(), output: new PassThrough(), ...more } as ReturnType<
    typeof asked
  >;
}

test.each(["y", "yes", "Y", " YES "])("goes on when the answer is %j", async (answer) => {
  const question = asked();
  question.input.end(`${answer}\n`);
  await confirm(question);
  expect(String(question.output.read())).toContain("Approve stage fleet? [y/N]");
});

test.each(["", "n", "yess", "ja"])("does nothing when the answer is %j", async (answer) => {
  const question = asked();
  question.input.end(`${answer}\n`);
  expect(await thrownBy(() => confirm(question))).toMatchObject({ code: "IOT_NOT_CONFIRMED", exit: 4 });
});

test("takes the end of the input for a no", async () => {
  const question = asked();
  question.input.end();
  expect((await thrownBy(() => confirm(question))).code).toBe("IOT_NOT_CONFIRMED");
});

test("names the flag where nobody can be asked, and says what it would have shown", async () => {
  const error = await thrownBy(() => confirm(asked({ canAsk: false })));
  expect(error).toMatchObject({ code: "IOT_CONFIRMATION_NEEDED", exit: 2, details: { stage: "fleet" } });
  expect(error.hints.join()).toContain("--yes");
  await confirm(asked({ canAsk: false, yes: true }));
});
