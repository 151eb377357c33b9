import { defineConfig } from "vitest/config";

/** These put other modules in the place of ours or change the environment of their whole file. */
const alone = [
  "test/agent/process-payload-runner.test.ts",
  "test/rollout/s3-journal*.test.ts",
  "test/simulation/rollout-mutants.test.ts",
];

/** These take the longest, and begin first so that no process is left with one of them in the end. */
const long = ["test/simulation/rollout-simulation-*.test.ts", "test/planner/*.test.ts"];

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    pool: "forks",
    // Else one core is left idle, which of two is half.
    maxWorkers: "100%",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Half of the time went into starting a process and loading modules for each file, so files share them.
    projects: [
      { extends: true, test: { name: "alone", include: alone } },
      { extends: true, test: { name: "long", include: long, isolate: false } },
      {
        extends: true,
        test: {
          name: "others",
          include: ["test/**/*.test.ts"],
          exclude: [...alone, ...long],
          isolate: false,
          unstubEnvs: true,
        },
      },
    ],
  },
});
