import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    // One pair of nodes and one browser at a time: two cores.
    fileParallelism: false,
    pool: "forks",
  },
});
