// A watch that goes on: two nodes with traffic and a screen at each, one with a map and one whose browser cannot draw,
// and what the screens hold at steps, printed. It fails if that grows. MINUTES in the environment (10 if not given). CI
// runs a short one (memory.e2e.ts).
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Desk, launch, openDesk } from "./browser.ts";
import { grown, type Held, round, setScene, textOf, watcherOf } from "./held.ts";
import { type Pair, startPair } from "./nodes.ts";

const minutes = Number(process.env.MINUTES ?? 10);
const steps = 10;
// Caches, code that is compiled, the last of every page: all there after the first of them.
const warm_steps = 2;

let pair: Pair;
let browsers: Browser[];

beforeAll(async () => {
  [pair, browsers] = await Promise.all([startPair(), Promise.all([launch({ map: true }), launch()])]);
});
afterAll(async () => {
  await Promise.all(browsers?.map((browser) => browser.close()) ?? []);
  await pair?.stop();
});

it("holds as much after hours as after minutes", { timeout: minutes * 60_000 + 300_000 }, async () => {
  const scene = await setScene(pair);
  const desks: Desk[] = [await openDesk(browsers[0]!, pair.north, "duty"), await openDesk(browsers[1]!, pair.south, "duty")];
  const watchers = await Promise.all(desks.map(watcherOf));
  const began = Date.now();
  let rounds = 0;
  let warm: { held: Held[]; rounds: number } | undefined;
  for (let step = 1; step <= steps; ++step) {
    do {
      await round(scene, desks, rounds);
      rounds += 1;
    } while (Date.now() < began + (step * minutes * 60_000) / steps);
    const held = await Promise.all(watchers.map((measure) => measure()));
    console.log(`measured: after ${((Date.now() - began) / 60_000).toFixed(1)} min and ${rounds} rounds: with a map ${textOf(held[0]!)}; without ${textOf(held[1]!)}`);
    if (step === warm_steps) warm = { held, rounds };
    if (warm) for (const [i, each] of held.entries()) expect(grown(warm.held[i]!, each, rounds - warm.rounds)).toEqual([]);
  }
  for (const desk of desks) expect(desk.faults).toEqual([]);
});
