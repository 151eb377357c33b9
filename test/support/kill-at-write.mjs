// Preloaded with --import: counts the moments after each durable write and each request that changed something
// elsewhere, and the one before them all, and kills the process with SIGKILL at the one that KILL_AT numbers.
// Writes the names of the moments that it came through to KILL_POINTS.
import fs from "node:fs";
import http from "node:http";
import { syncBuiltinESMExports } from "node:module";

const killAt = Number(process.env.KILL_AT ?? 0);
const names = [];

function pass(name) {
  names.push(name);
  if (names.length !== killAt) return;
  process.kill(process.pid, "SIGKILL");
  // The signal may come a moment later; nothing is done until then.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function passFirst() {
  if (names.length === 0) pass("before anything was written");
}

for (const call of ["fsyncSync", "renameSync", "linkSync", "rmSync", "unlinkSync"]) {
  const real = fs[call];
  fs[call] = (...args) => {
    passFirst();
    const result = real(...args);
    pass(`after ${call}`);
    return result;
  };
}

const changes = (method) => method !== "GET" && method !== "HEAD";

const realRequest = http.request;
http.request = (...args) => {
  const request = realRequest(...args);
  if (!changes(request.method)) return request;
  passFirst();
  // The other side has acted, and nobody here has heard of it yet.
  request.prependListener("response", () => pass(`after ${request.method} ${request.path}`));
  return request;
};

const realFetch = globalThis.fetch;
globalThis.fetch = async (url, options = {}) => {
  const { method = "GET" } = options;
  if (!changes(method)) return realFetch(url, options);
  passFirst();
  const answer = await realFetch(url, options);
  pass(`after ${method} ${new URL(url).pathname}`);
  return answer;
};

syncBuiltinESMExports();
process.on("exit", () => {
  if (process.env.KILL_POINTS) fs.writeFileSync(process.env.KILL_POINTS, JSON.stringify(names));
});
