// The time by the node's clock, which is the one that deadlines are judged by. The browser's own clock may be wrong: each
// answer of /v1/status corrects for it.
import { signal } from "@preact/signals";

let offset_ms = 0;
let shortest_ms = Number.POSITIVE_INFINITY;

// Ticks each second.
export const now = signal(Date.now());

export function nodeNow(): number {
  return Date.now() + offset_ms;
}

// `asked_ms` and `answered_ms` by the browser's clock. The quickest answer tells best; each older one counts for less.
export function learn(node_ms: number, asked_ms: number, answered_ms: number): void {
  const trip_ms = answered_ms - asked_ms;
  shortest_ms *= 1.05;
  if (trip_ms > shortest_ms && Math.abs(node_ms - (asked_ms + answered_ms) / 2 - offset_ms) < 2_000) return;
  shortest_ms = Math.max(1, trip_ms);
  offset_ms = node_ms - (asked_ms + answered_ms) / 2;
}

export function startClock(): () => void {
  const timer = setInterval(() => {
    now.value = nodeNow();
  }, 1_000);
  return () => clearInterval(timer);
}
