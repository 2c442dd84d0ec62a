import { defineConfig } from "vitest/config";

// Frame times of the map, measured by script/web --frames: not a test.
export default defineConfig({
  test: { include: ["e2e/frames.ts"], testTimeout: 400_000, hookTimeout: 120_000, fileParallelism: false, pool: "forks" },
});
