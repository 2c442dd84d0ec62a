import { defineConfig } from "vitest/config";

// Memory of the console over a watch, judged by script/web --hours: too long for CI.
export default defineConfig({
  test: { include: ["e2e/hours.ts"], testTimeout: 86_400_000, hookTimeout: 120_000, fileParallelism: false, pool: "forks" },
});
