/** What the loop has to do in the world. The key makes each safe to repeat. */
export type Effect =
  | {
      readonly kind: "deploy-service";
      readonly key: string;
      readonly component: string;
      readonly version: string;
    }
  | {
      readonly kind: "publish-app";
      readonly key: string;
      readonly component: string;
      readonly version: string;
    }
  | {
      readonly kind: "expose-app";
      readonly key: string;
      readonly component: string;
      readonly version: string;
      readonly percent: number;
    }
  | { readonly kind: "halt-app"; readonly key: string; readonly component: string; readonly version: string }
  | {
      readonly kind: "assign";
      readonly key: string;
      readonly assignmentId: string;
      readonly component: string;
      readonly version: string;
      readonly rollback: boolean;
      readonly deviceIds: readonly string[];
    }
  | { readonly kind: "cancel"; readonly key: string; readonly assignmentId: string };

/** The assignment that carries one firmware version of a rollout, forwards or back. */
export function assignmentIdOf(
  rolloutId: string,
  component: string,
  version: string,
  rollback: boolean,
): string {
  return `${rolloutId}:${component}@${version}${rollback ? ":back" : ""}`;
}
