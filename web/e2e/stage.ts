// What the tests of a file stand on: two linked nodes and a browser, there before the first of them and gone after the last.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { type Desk, launch, openDesk } from "./browser.ts";
import { type Account, type Node, type Pair, startPair } from "./nodes.ts";

export interface Stage {
  pair: Pair;
  browser: Browser;
  // A desk for all tests of the file: after each of them it must be without fault.
  desk(node: Node, account: Account): Promise<Desk>;
}

// `furnish`: what else is there before the first test. `agreement`: as startPair takes it; `map`: as launch does.
export function useStage(furnish: (stage: Stage) => Promise<void> | void, options: { agreement?: (text: string) => string; map?: boolean } = {}): void {
  const desks: Desk[] = [];
  let pair: Pair | undefined;
  let browser: Browser | undefined;
  beforeAll(async () => {
    const [nodes, drawing] = await Promise.all([startPair(options.agreement), launch({ map: options.map ?? false })]);
    [pair, browser] = [nodes, drawing];
    const desk = async (node: Node, account: Account): Promise<Desk> => {
      const opened = await openDesk(drawing, node, account);
      desks.push(opened);
      return opened;
    };
    await furnish({ pair: nodes, browser: drawing, desk });
  });
  afterEach(() => {
    for (const desk of desks) expect(desk.faults).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await pair?.stop();
  });
}
