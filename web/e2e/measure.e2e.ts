// What the first view costs. The times are printed and judged by nobody: they are of the machine as it is.
import type { Browser } from "playwright-core";
import { expect, it } from "vitest";
import { signIn } from "./browser.ts";
import { type Pair } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;

useStage((stage) => {
  ({ pair, browser } = stage);
});

const first_view_bytes_max = 1_500_000;

it("has its first view in one small load", async () => {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  const page = await context.newPage();
  const client = await context.newCDPSession(page);
  await client.send("Network.enable");
  const urls = new Map<string, string>();
  let bytes = 0;
  client.on("Network.responseReceived", ({ requestId, response }) => void urls.set(requestId, response.url));
  client.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (!urls.get(requestId)?.includes("countries-10m")) bytes += encodedDataLength;
  });
  const opened = performance.now();
  await page.goto(pair.north.url);
  await page.locator('input[name="username"]').waitFor();
  const form_ms = performance.now() - opened;
  await signIn(page, "duty");
  const signed = performance.now();
  await page.reload();
  await page.getByRole("heading", { name: "Needs you now" }).waitFor();
  await page.locator(".linestate.up").waitFor();
  const watch_ms = performance.now() - signed;
  console.log(
    `measured: sign-in shown after ${form_ms.toFixed(0)} ms, the watch after ${watch_ms.toFixed(0)} ms; ${(bytes / 1024).toFixed(0)} KiB over the wire in all`,
  );
  expect(bytes).toBeLessThan(first_view_bytes_max);
  await context.close();
});
