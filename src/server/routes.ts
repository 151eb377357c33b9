import { artifactRoutes as controlArtifactRoutes } from "./control/artifact-routes.ts";
import { assignmentRoutes } from "./control/assignment-routes.ts";
import { deviceRoutes } from "./control/device-routes.ts";
import { leaseRoutes } from "./control/lease-routes.ts";
import type { Control } from "./control/operator-route.ts";
import { rolloutRoutes } from "./control/rollout-routes.ts";
import { artifactRoutes } from "./ddi/artifact-routes.ts";
import { attestationRoutes } from "./ddi/attestation-routes.ts";
import { cancelRoutes } from "./ddi/cancel-routes.ts";
import { deploymentRoutes } from "./ddi/deployment-routes.ts";
import { pollRoutes } from "./ddi/poll-routes.ts";
import { replyJson } from "./reply.ts";
import { type Route, route } from "./router.ts";

/** Everything the server answers. */
export function fleetRoutes(control: Control, pollIntervalMs: number): readonly Route[] {
  const { fleet } = control;
  return [
    ...pollRoutes(fleet, pollIntervalMs),
    ...deploymentRoutes(fleet),
    ...cancelRoutes(fleet),
    ...artifactRoutes(fleet),
    ...attestationRoutes(fleet),
    ...deviceRoutes(control),
    ...controlArtifactRoutes(control),
    ...assignmentRoutes(control),
    ...rolloutRoutes(control),
    ...leaseRoutes(control),
    route("GET", "/api/v1/health", ({ response }) => replyJson(response, 200, { status: "ok" })),
  ];
}
