// A watch that goes on: two nodes with traffic and a screen at each, and what the screens hold at steps, printed. Flat is
// what one wants to see. MINUTES in the environment (10 if not given). Not in CI, which has other work for its minutes.
import type { Browser, CDPSession } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Desk, launch, openDesk } from "./browser.ts";
import { circle, type Pair, readingOf, sleep, startPair } from "./nodes.ts";

const minutes = Number(process.env.MINUTES ?? 10);
const steps = 12;
const notices = 12;
const pages = ["watch", "notices", "conflicts", "calls", "line", "record", "record/proofs", "agreements", "operators", "notices/give"];

let pair: Pair;
let browser: Browser;

beforeAll(async () => {
  [pair, browser] = await Promise.all([startPair(), launch()]);
});
afterAll(async () => {
  await browser?.close();
  await pair?.stop();
});

interface Held {
  heap_mb: number;
  nodes: number;
  listeners: number;
}

async function heldBy(client: CDPSession): Promise<Held> {
  await client.send("HeapProfiler.collectGarbage");
  const { metrics } = await client.send("Performance.getMetrics");
  const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { heap_mb: Math.round(of("JSHeapUsedSize") / 1e5) / 10, nodes: of("Nodes"), listeners: of("JSEventListeners") };
}

// Corrections of the same few notices, calls and their answers: what is to be known stays as much as it was.
async function traffic(ids: readonly string[], turn: number): Promise<void> {
  const [from, to] = turn % 2 === 0 ? [pair.north, pair.south] : [pair.south, pair.north];
  const id = ids[turn % ids.length]!;
  const declaration = circle({ lat: 46 + (turn % ids.length) * 0.2, lng: 7 }, { upper_m: 2000 + (turn % 7) * 100 });
  const { notice } = await from.api<{ notice: { latest: { digest: string } } }>("duty", "GET", `/v1/notices/${id}`);
  await from.api("duty", "PUT", `/v1/notices/${id}`, { declaration, draft: true, replaces: notice.latest.digest });
  await from.api("second", "POST", `/v1/notices/${id}/check`, { reading: readingOf(declaration) });
  await from.api("duty", "POST", "/v1/acts", { act: "release", notice: id, check: "second_entry", previous: notice.latest.digest }).catch(() => undefined);
  if (turn % 5 !== 0) return;
  await from.api("duty", "POST", "/v1/acts", { act: "stop_call", centre: { lat: 46, lng: 7 }, radius_m: 5000 });
  await sleep(500);
  const { calls } = await to.api<{ calls: { id: string; kind: string; by_us: boolean }[] }>("duty", "GET", "/v1/calls?open=true");
  for (const call of calls) {
    if (call.kind === "stop_call" && !call.by_us) await to.api("duty", "POST", "/v1/acts", { act: "answer_stop_call", answers: call.id, answer: "stopped" });
  }
}

it("holds as much after hours as after minutes", { timeout: minutes * 60_000 + 300_000 }, async () => {
  const north = Array.from({ length: notices }, () => crypto.randomUUID());
  const south = Array.from({ length: notices }, () => crypto.randomUUID());
  for (let i = 0; i < notices; ++i) {
    await pair.north.release(north[i]!, circle({ lat: 46 + i * 0.2, lng: 7 }));
    await pair.south.release(south[i]!, circle({ lat: 46 + i * 0.2, lng: 7.05 }));
  }
  const desks: Desk[] = await Promise.all([openDesk(browser, pair.north, "duty"), openDesk(browser, pair.south, "duty")]);
  const clients = await Promise.all(desks.map(async ({ page, context }) => {
    const client = await context.newCDPSession(page);
    await client.send("Performance.enable");
    return client;
  }));
  const began = Date.now();
  let turn = 0;
  for (let step = 0; step <= steps; ++step) {
    const until = began + (step * minutes * 60_000) / steps;
    while (Date.now() < until) {
      await traffic(turn % 2 === 0 ? north : south, turn);
      const page = pages[turn % pages.length]!;
      for (const desk of desks) await desk.page.evaluate((hash) => void (location.hash = hash), `#/${page}`);
      turn += 1;
      await sleep(300);
    }
    for (const desk of desks) await desk.page.evaluate(() => void (location.hash = "#/watch"));
    await sleep(1_000);
    const held = await Promise.all(clients.map(heldBy));
    const text = held.map((each) => `${each.heap_mb.toFixed(1)} MB, ${each.nodes} nodes, ${each.listeners} listeners`).join("; ");
    console.log(`measured: after ${((Date.now() - began) / 60_000).toFixed(1)} min and ${turn} releases: ${text}`);
  }
  for (const desk of desks) expect(desk.faults).toEqual([]);
});
