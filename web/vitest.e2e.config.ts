import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // Two pairs of nodes with a browser each: on two cores one pair waits four fifths of its time.
    maxWorkers: 2,
    pool: "forks",
  },
});
