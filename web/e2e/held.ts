// What a screen holds while a watch goes on: the tab's heap, DOM nodes and listeners after a forced collection, under
// traffic that leaves as much to be known as there was before.
import type { CDPSession } from "playwright-core";
import type { Desk } from "./browser.ts";
import { circle, type Node, type Pair, readingOf, sleep } from "./nodes.ts";

// Every page; what a page holds once it is left is what the next one must not find.
export const pages = ["watch", "notices", "conflicts", "calls", "line", "record", "record/proofs", "record/exchanges", "record/statistics", "agreements", "operators", "notices/give"];
const notices = 12;

export interface Held {
  heap_mb: number;
  nodes: number;
  listeners: number;
}

export interface Scene {
  pair: Pair;
  ids: { north: string[]; south: string[] };
}

const declarationOf = (node: Node, i: number, turn: number): ReturnType<typeof circle> =>
  circle({ lat: 46 + i * 0.2, lng: node.name === "north" ? 7 : 7.05 }, { upper_m: 2000 + (turn % 7) * 100 });

export async function setScene(pair: Pair): Promise<Scene> {
  const ids = { north: [] as string[], south: [] as string[] };
  for (let i = 0; i < notices; ++i) {
    for (const node of [pair.north, pair.south]) {
      const id = crypto.randomUUID();
      ids[node.name].push(id);
      await node.release(id, declarationOf(node, i, 0));
    }
  }
  return { pair, ids };
}

// A correction of one of the same few notices, and each so often a stop call with its answer: what is to be known stays
// as much as it was.
async function traffic({ pair, ids }: Scene, turn: number): Promise<void> {
  const [from, to] = turn % 2 === 0 ? [pair.north, pair.south] : [pair.south, pair.north];
  const i = Math.floor(turn / 2) % notices;
  const id = ids[from.name][i]!;
  const declaration = declarationOf(from, i, 1 + turn);
  const { notice } = await from.api<{ notice: { latest: { digest: string } } }>("duty", "GET", `/v1/notices/${id}`);
  await from.api("duty", "PUT", `/v1/notices/${id}`, { declaration, draft: true, replaces: notice.latest.digest });
  await from.api("second", "POST", `/v1/notices/${id}/check`, { reading: readingOf(declaration) });
  await from.api("duty", "POST", "/v1/acts", { act: "release", notice: id, check: "second_entry", previous: notice.latest.digest });
  if (turn % 5 !== 0) return;
  await from.api("duty", "POST", "/v1/acts", { act: "stop_call", centre: { lat: 46, lng: 7 }, radius_m: 5000 });
  await sleep(500);
  const { calls } = await to.api<{ calls: { id: string; kind: string; by_us: boolean }[] }>("duty", "GET", "/v1/calls?open=true");
  for (const call of calls) {
    if (call.kind === "stop_call" && !call.by_us) await to.api("duty", "POST", "/v1/acts", { act: "answer_stop_call", answers: call.id, answer: "stopped" });
  }
}

// A round: every page is gone to once, with a correction at each.
export async function round(scene: Scene, desks: readonly Desk[], number: number): Promise<void> {
  for (const [i, page] of pages.entries()) {
    await traffic(scene, number * pages.length + i);
    for (const desk of desks) await desk.page.evaluate((hash) => void (location.hash = hash), `#/${page}`);
    await sleep(150);
  }
}

export async function watcherOf(desk: Desk): Promise<() => Promise<Held>> {
  const client: CDPSession = await desk.context.newCDPSession(desk.page);
  await client.send("Performance.enable");
  const once = async (): Promise<Held> => {
    await client.send("HeapProfiler.collectGarbage");
    const { metrics } = await client.send("Performance.getMetrics");
    const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return { heap_mb: of("JSHeapUsedSize") / 1e6, nodes: of("Nodes"), listeners: of("JSEventListeners") };
  };
  // Of one page, and the least of a few: what a frame or a timer is just about to let go of is not held.
  return async () => {
    await desk.page.evaluate(() => void (location.hash = "#/line"));
    let least: Held | undefined;
    for (let i = 0; i < 4; ++i) {
      await sleep(400);
      const held = await once();
      least = least
        ? { heap_mb: Math.min(least.heap_mb, held.heap_mb), nodes: Math.min(least.nodes, held.nodes), listeners: Math.min(least.listeners, held.listeners) }
        : held;
    }
    return least!;
  };
}

export const textOf = (held: Held): string => `${held.heap_mb.toFixed(2)} MB, ${held.nodes} nodes, ${held.listeners} listeners`;

// A page that is held once for each time it was left is hundreds of nodes and several listeners a round. One page that
// is not let go of yet, whichever it was, is not growth: `slack`.
// Between heap snapshots of rounds 15 and 60 nodes and listeners were the same number; the heap grew from 6.12 to 6.42 MB, of
// which 0.22 MB is code that the engine compiled, 0.05 MB strings and 0.01 MB objects, of the calls of those rounds.
const slack: Held = { heap_mb: 1.5, nodes: 400, listeners: 20 };
const grown_each_round: Held = { heap_mb: 0.05, nodes: 10, listeners: 0.5 };

// What has grown beyond its bound between two measurements that are `rounds` apart; none if it is flat.
export function grown(before: Held, after: Held, rounds: number): string[] {
  return (Object.keys(slack) as (keyof Held)[])
    .filter((what) => after[what] - before[what] > slack[what] + rounds * grown_each_round[what])
    .map((what) => `${what}: ${before[what]} -> ${after[what]} in ${rounds} rounds`);
}
