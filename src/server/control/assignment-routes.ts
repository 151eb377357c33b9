import { type CancelResult, contextsMax, type DeviceOutcome } from "../../fleet/fleet-backend.ts";
import { assignDevices } from "../assign-devices.ts";
import { cancelActions } from "../cancel-actions.ts";
import type { Fleet } from "../fleet.ts";
import { isAssignmentId, isDeviceId, isDigest, isFilename } from "../identifiers.ts";
import { Refusal } from "../refusal.ts";
import { replyJson } from "../reply.ts";
import { readJson } from "../request-body.ts";
import type { Exchange, Route } from "../router.ts";
import type { OutcomeRecord } from "../stores/actions.ts";
import type { AssignmentContent } from "../stores/assignments.ts";
import { flagField, recordField, sizeField, textField, textListField } from "./body-fields.ts";
import { type Control, operatorRoute, pageOf } from "./operator-route.ts";

/** How many devices one request names, or one commit cancels. */
const devicesAtOnceMax = 1000;

/** Assignments: give devices a version, see what came of it, take it back. */
export function assignmentRoutes(control: Control): Route[] {
  const { fleet } = control;
  return [
    operatorRoute(control, "PUT", "/assignments/{assignment}", (exchange) => assign(fleet, exchange, false)),
    // A path of its own: a server without staging must refuse it, not install at once.
    operatorRoute(control, "PUT", "/assignments/{assignment}/staged", (exchange) =>
      assign(fleet, exchange, true),
    ),
    operatorRoute(control, "GET", "/assignments/{assignment}/outcomes", (exchange) => {
      const { after, limit } = pageOf(exchange);
      const row = fleet.assignments.rowOf(assignmentIdOf(exchange));
      const records = row === null ? [] : fleet.actions.outcomes(row, after, limit);
      const next = records.length === limit ? (records.at(-1)?.deviceId ?? null) : null;
      replyJson(exchange.response, 200, {
        outcomes: records.map((record) => outcomeOf(fleet, record)),
        next,
      });
    }),
    operatorRoute(control, "POST", "/assignments/{assignment}/cancel", async (exchange) => {
      const row = fleet.assignments.rowOf(assignmentIdOf(exchange));
      const body = await readJson(exchange);
      const isWhole = (body as { deviceIds?: unknown } | null)?.deviceIds === undefined;
      const named = isWhole ? null : readDeviceIds(body);
      const result = row === null ? { canceled: [], requested: [] } : await cancel(fleet, row, named);
      replyJson(exchange.response, 200, result satisfies CancelResult);
    }),
  ];
}

async function assign(fleet: Fleet, exchange: Exchange, staged: boolean): Promise<void> {
  const id = assignmentIdOf(exchange);
  const body = await readJson(exchange);
  const content = { ...readContent(body), staged };
  const deviceIds = readDeviceIds(body);
  const result = await fleet.commit.run(() => assignDevices(fleet, id, content, deviceIds));
  replyJson(exchange.response, 200, result);
}

/** Cancels named devices, or all in pages, so that a large assignment does not hold up other requests. */
async function cancel(fleet: Fleet, row: number, named: readonly string[] | null): Promise<CancelResult> {
  const results: CancelResult[] = [];
  let after = "";
  let more = true;
  while (more) {
    const from = after;
    const actions = await fleet.commit.run(() => {
      const page = named
        ? named.flatMap((deviceId) => fleet.actions.inAssignment(row, deviceId) ?? [])
        : fleet.actions.openInAssignment(row, from, devicesAtOnceMax);
      results.push(cancelActions(fleet, page));
      return page;
    });
    after = actions.at(-1)?.deviceId ?? "";
    more = !named && actions.length === devicesAtOnceMax;
  }
  return {
    canceled: results.flatMap((result) => result.canceled),
    requested: results.flatMap((result) => result.requested),
  };
}

function outcomeOf(fleet: Fleet, record: OutcomeRecord): DeviceOutcome {
  return {
    deviceId: record.deviceId,
    state: record.state,
    message: record.message,
    assignedAtMs: record.assignedAtMs,
    closedAtMs: record.closedAtMs,
    reportedVersion: record.reportedVersion,
    reportedAtMs: record.reportedAtMs,
    lastContactAtMs: fleet.contacts.lastMs(record.deviceRow),
  };
}

function readContent(body: unknown): Omit<AssignmentContent, "staged"> {
  const variants = recordField(body, "variants");
  const contextDigests = readContext(body);
  return {
    component: textField(body, "component"),
    version: textField(body, "version"),
    variants: Object.fromEntries(
      Object.entries(variants).map(([hardware, variant]) => [
        hardware,
        {
          digest: textField(variant, "digest", isDigest),
          sizeBytes: sizeField(variant, "sizeBytes"),
          filename: textField(variant, "filename", isFilename),
        },
      ]),
    ),
    attestationDigest: textField(body, "attestationDigest", isDigest),
    ...(contextDigests.length > 0 && { contextDigests }),
    rollback: flagField(body, "rollback"),
  };
}

function readContext(body: unknown): readonly string[] {
  const isThere = (body as { contextDigests?: unknown } | null)?.contextDigests !== undefined;
  const digests = isThere ? textListField(body, "contextDigests", isDigest) : [];
  if (digests.length > contextsMax) {
    throw new Refusal(
      400,
      "too-many-contexts",
      `An assignment names at most ${contextsMax} releases as its context.`,
    );
  }
  return digests;
}

function readDeviceIds(body: unknown): readonly string[] {
  const ids = textListField(body, "deviceIds", isDeviceId);
  if (ids.length > devicesAtOnceMax) {
    throw new Refusal(400, "too-many-devices", `A request names at most ${devicesAtOnceMax} devices.`);
  }
  return ids;
}

function assignmentIdOf({ params }: Exchange): string {
  const id = params["assignment"] ?? "";
  if (!isAssignmentId(id)) {
    throw new Refusal(
      400,
      "malformed-assignment",
      "An assignment id has 1 to 128 characters of [A-Za-z0-9._:@-].",
    );
  }
  return id;
}
