// Every page gone to and left again while notices change: what was left is let go of. The long form, with a map, is
// `script/web --hours`.
import type { Browser } from "playwright-core";
import { expect, it } from "vitest";
import { openDesk } from "./browser.ts";
import { grown, pages, round, setScene, textOf, watcherOf } from "./held.ts";
import { type Pair } from "./nodes.ts";
import { useStage } from "./stage.ts";

const warm_rounds = 2;
const all_rounds = 6;

let pair: Pair;
let browser: Browser;

useStage((stage) => {
  ({ pair, browser } = stage);
});

it("holds no more after many changes of the page than after a few", { timeout: 300_000 }, async () => {
  const scene = await setScene(pair);
  const desks = [await openDesk(browser, pair.north, "duty")];
  const measure = await watcherOf(desks[0]!);
  let number = 0;
  while (number < warm_rounds) await round(scene, desks, number++);
  const before = await measure();
  while (number < all_rounds) await round(scene, desks, number++);
  const after = await measure();
  console.log(`measured: after ${warm_rounds * pages.length} changes of the page ${textOf(before)}; after ${all_rounds * pages.length} ${textOf(after)}`);
  expect(grown(before, after, all_rounds - warm_rounds)).toEqual([]);
  expect(desks[0]!.faults).toEqual([]);
});
