import { IotctlError } from "../../src/base/errors.ts";

/** The IotctlError that an action throws or rejects with; anything else fails the test. */
export async function thrownBy(action: () => unknown): Promise<IotctlError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof IotctlError) return error;
    throw error;
  }
  throw new Error("expected an error, but nothing was thrown");
}
