// How the map keeps up with 20,000 live objects: each frame that the page gets while the map is moved by hand. Drawn by
// software here, so a desk with a graphics card is faster. Not in CI, which has other work for its minutes.
import type { Browser, Page } from "playwright-core";
import { expect, it } from "vitest";
import { openDesk } from "./browser.ts";
import { type Pair, sleep } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;

useStage((stage) => {
  ({ pair, browser } = stage);
}, { map: true });

const objects = 20_000;
const frames = 20;
const settle_ms = 20_000;

// The map is moved as a person moves it, and each frame that the page gets is timed.
async function measure(page: Page, what: string): Promise<void> {
  const box = (await page.locator(".mapbox canvas").boundingBox())!;
  const measured = page.evaluate(
    (count) =>
      new Promise<number[]>((resolve) => {
        const gaps: number[] = [];
        let last = performance.now();
        const frame = (now: number): void => {
          gaps.push(now - last);
          last = now;
          if (gaps.length < count) requestAnimationFrame(frame);
          else resolve(gaps);
        };
        requestAnimationFrame(frame);
      }),
    frames,
  );
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.move(middle.x, middle.y);
  await page.mouse.down();
  for (let i = 1; i <= 30; ++i) await page.mouse.move(middle.x + i * 6, middle.y + i * 3);
  await page.mouse.up();
  const gaps = (await measured).sort((a, b) => a - b);
  const at = (part: number): string => gaps[Math.floor(part * (gaps.length - 1))]!.toFixed(0);
  console.log(`measured: ${what}, map moved by hand, software drawing: frame p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${at(1)} ms`);
  expect(gaps.length).toBe(frames);
}

it("draws 20,000 live objects", { timeout: 400_000 }, async () => {
  const start = new Date(Date.now() - 600_000).toISOString();
  const end = new Date(Date.now() + 3_600_000).toISOString();
  const party = (await pair.north.api<{ party: { id: string } }>("duty", "GET", "/v1/me")).party;
  const notices = Array.from({ length: objects }, (_, i) => ({
    id: `20000000-0000-4000-8000-${String(i).padStart(12, "0")}`,
    party,
    kind: i % 5 === 0 ? "hazard" : "activity",
    data_mode: "REAL",
    activity: "active",
    latest: {
      number: 1, digest: "0".repeat(64), stored_at: start, disclosure: "declared", author: "released", lead_time_s: 0, late: false,
      declaration: {
        kind: i % 5 === 0 ? "hazard" : "activity",
        data_mode: "REAL",
        volumes: [{
          outline_circle: { center: { lat: 42 + (i % 141) * 0.06, lng: 2 + Math.floor(i / 141) * 0.09 }, radius: { value: 3, units: "KM" } },
          altitude_lower: { value: 0, reference: "AMSL", units: "M" }, altitude_upper: { value: 3000, reference: "AMSL", units: "M" },
          time_start: start, time_end: end,
        }],
      },
    },
    recipients: [],
  }));
  const { page, context } = await openDesk(browser, pair.north, "duty");
  page.setDefaultTimeout(120_000);
  // What the ground alone costs here.
  await page.locator(".mapbox[data-drawn]").waitFor();
  await sleep(settle_ms / 2);
  await measure(page, "an empty map");
  await page.route(/\/v1\/notices\?/, (route) => route.fulfill({ json: { notices } }));
  await page.reload();
  await page.locator(".mapbox[data-ready]").waitFor({ timeout: 120_000 });
  await page.getByText(`Notices (${objects})`).waitFor({ timeout: 120_000 });
  await sleep(settle_ms);
  await measure(page, `${objects} live objects`);
  await context.close();
});
