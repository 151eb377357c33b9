import type { RolloutState } from "../../../../src/rollout/engine/state.ts";
import type { Plan } from "../../../../src/planner/plan.ts";
import type { RolloutCode } from "../simulate-rollout.ts";

/** An engine that makes one wrong decision. */
export interface Mutant {
  /** The module below src/ that another takes the place of. */
  readonly module?: string;
  readonly mutation?: Mutation;
  /** Or what is different in how the engine is put together. */
  readonly rewire?: (code: RolloutCode) => RolloutCode;
  /** The plans that it can spoil; absent: all. */
  readonly about?: (plan: Plan) => boolean;
}

export type Mutants = Readonly<Record<string, Mutant>>;
export type Module = Record<string, never>;
type Mutation = (original: Module) => Module;
type AnyFunction = (...args: unknown[]) => unknown;

export const withHops = ({ steps }: Plan): boolean =>
  steps.some(({ action, component, version }) =>
    steps.some(
      (other) =>
        action === "introduce" &&
        other.action === "introduce" &&
        other.component === component &&
        other.version !== version,
    ),
  );

export const withStaging = ({ steps }: Plan): boolean => steps.some(({ staged }) => staged);

/** Another function in the place of one. */
export function replace(module: string, name: string, by: (original: AnyFunction) => unknown): Mutant {
  const mutation: Mutation = (original) =>
    ({ [name]: by(original[name] as unknown as AnyFunction) }) as unknown as Module;
  return { module, mutation };
}

/** Changes what a function returns. */
export function wrap(module: string, name: string, change: (result: never, args: never) => unknown): Mutant {
  return replace(
    module,
    name,
    (original) =>
      (...args: unknown[]) =>
        change(original(...args) as never, args as never),
  );
}

/** Changes what a function is given. */
export function withArguments(module: string, name: string, change: (args: never) => unknown[]): Mutant {
  return replace(
    module,
    name,
    (original) =>
      (...args: unknown[]) =>
        original(...change(args as never)),
  );
}

/** Changes of several functions of one module. */
export function together(...mutants: readonly Mutant[]): Mutant {
  const mutation: Mutation = (original) =>
    Object.assign({}, ...mutants.map(({ mutation: each }) => each?.(original))) as Module;
  return { ...mutants[0], mutation };
}

type LooseEvent = Record<string, unknown>;

/** Takes an event for another. */
export function mishear(change: (event: LooseEvent, state: RolloutState | null) => object | null): Mutant {
  return replace("rollout/engine/apply-event.ts", "applyEvent", (original) => (...args: unknown[]) => {
    const [state, event, ...rest] = args as [RolloutState | null, LooseEvent];
    const heard = state ? change(event, state) : event;
    return heard === null ? state : original(state, heard, ...rest);
  });
}

/** Does not hear an event. */
export function ignore(type: string, when: (state: RolloutState) => boolean = () => true): Mutant {
  return mishear((event, state) => (event["type"] === type && state && when(state) ? null : event));
}
