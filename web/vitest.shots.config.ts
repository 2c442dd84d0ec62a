import { defineConfig } from "vitest/config";

// The pictures of docs/img, made anew by script/web --shots: not a test.
export default defineConfig({
  test: { include: ["e2e/shots.ts"], testTimeout: 300_000, hookTimeout: 120_000, fileParallelism: false, pool: "forks" },
});
