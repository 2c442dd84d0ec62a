// The picture: everything that the node has told, kept live. One writer (this file), many readers.
//
// The order is the node's (docs/api.md): open the stream, read the lists at `open` or `gap`, then apply the events. What
// an event does not carry whole (a notice) is read again, once for all events of a moment.
import { batch, computed, signal } from "@preact/signals";
import { ApiError, api, getAll } from "../api/client.ts";
import { follow, type StreamEvent } from "../api/events.ts";
import type { Call, Conflict, Line, Matter, Notice, NoticeDetail, NoticeEvent, Rules, Status } from "../api/types.ts";
import { learn, nodeNow } from "./clock.ts";
import { readHandover } from "./handover.ts";
import { needSignIn, resumeSession } from "./session.ts";

export const notices = signal<ReadonlyMap<string, Notice>>(new Map());
export const conflicts = signal<ReadonlyMap<string, Conflict>>(new Map());
export const matters = signal<ReadonlyMap<number, Matter>>(new Map());
export const calls = signal<ReadonlyMap<string, Call>>(new Map());
export const lines = signal<readonly Line[]>([]);
export const rules = signal<Rules | null>(null);
export const status = signal<Status | null>(null);

// Of the connection between this screen and its node: not of the line between the parties.
export type Connection = "connecting" | "live" | "lost";
export const connection = signal<Connection>("connecting");
// Set while the screen is cut off, and shown with what it missed when it is back.
export const lostSince = signal<number | null>(null);
export interface Missed {
  from: number;
  to: number;
  notices: number;
  conflicts: number;
}
export const missed = signal<Missed | null>(null);
// The node serves another console than the one in this tab.
export const staleTab = signal(false);

export const liveConflicts = computed(() =>
  [...conflicts.value.values()]
    .filter((c) => c.state !== "resolved" && c.state !== "passed" && c.verdict !== "clear")
    .sort((a, b) => a.first_moment.localeCompare(b.first_moment)),
);
export const openMatters = computed(() =>
  [...matters.value.values()]
    .filter((m) => !m.closed_at)
    .sort((a, b) => (a.next_climb_at ?? "9").localeCompare(b.next_climb_at ?? "9")),
);
export const openCalls = computed(() => [...calls.value.values()].filter((c) => !c.closed_at));

const lines_period_ms = 1_000;
const status_period_ms = 30_000;
const notices_at_once_max = 32;
const calls_max = 500;

let wanted = new Set<string>();
let fetching = false;

function put<K, V>(source: { value: ReadonlyMap<K, V> }, entries: Iterable<[K, V]>): void {
  const next = new Map(source.value);
  for (const [key, value] of entries) next.set(key, value);
  source.value = next;
}

async function readNotices(ids: string[]): Promise<void> {
  if (ids.length > notices_at_once_max) {
    const all = await getAll<Notice>("/v1/notices", "notices");
    notices.value = new Map(all.map((n) => [n.id, n]));
    return;
  }
  const found = await Promise.all(
    ids.map((id) =>
      api.get<NoticeDetail>(`/v1/notices/${id}`).then(
        (detail) => detail.notice,
        (error: unknown) => {
          if (error instanceof ApiError && error.status === 404) return null;
          throw error;
        },
      ),
    ),
  );
  put(
    notices,
    found.filter((n) => n !== null).map((n) => [n.id, n]),
  );
}

// Reads what is wanted, and what became wanted meanwhile, one batch after another.
async function readWanted(): Promise<void> {
  if (fetching) return;
  fetching = true;
  try {
    while (wanted.size > 0) {
      const ids = [...wanted];
      wanted = new Set();
      try {
        await readNotices(ids);
      } catch {
        for (const id of ids) wanted.add(id);
        await new Promise((resume) => setTimeout(resume, 500));
        if (connection.value !== "live") return;  // all is read again when it is back
      }
    }
  } finally {
    fetching = false;
  }
}

export function refreshNotice(id: string): void {
  wanted.add(id);
  void readWanted();
}

// Closed ones are of the record: here they only take room.
function putMatter(matter: Matter): void {
  const next = new Map(matters.value);
  if (matter.closed_at) next.delete(matter.number);
  else next.set(matter.number, matter);
  matters.value = next;
}

function putCall(call: Call): void {
  const next = new Map(calls.value);
  next.set(call.id, call);
  if (next.size > calls_max) {
    const oldest = [...next.values()].filter((c) => c.closed_at).sort((a, b) => a.at.localeCompare(b.at));
    for (const each of oldest.slice(0, next.size - calls_max)) next.delete(each.id);
  }
  calls.value = next;
}

function countChanged<K, V>(before: ReadonlyMap<K, V>, after: ReadonlyMap<K, V>, mark: (v: V) => string): number {
  let changed = 0;
  for (const [key, value] of after) {
    const old = before.get(key);
    if (!old || mark(old) !== mark(value)) changed += 1;
  }
  return changed;
}

async function readAll(): Promise<void> {
  const [allNotices, allConflicts, allMatters, allCalls, allLines, theRules, theStatus] = await Promise.all([
    getAll<Notice>("/v1/notices", "notices"),
    getAll<Conflict>("/v1/conflicts", "conflicts"),
    getAll<Matter>("/v1/matters?open=true", "matters"),
    api.get<{ calls: Call[] }>("/v1/calls?limit=500").then((page) => page.calls),
    api.get<{ lines: Line[] }>("/v1/lines").then((page) => page.lines),
    api.get<Rules>("/v1/rules"),
    readStatus(),
    readHandover(),
  ]);
  const before = { notices: notices.value, conflicts: conflicts.value };
  batch(() => {
    notices.value = new Map(allNotices.map((n) => [n.id, n]));
    conflicts.value = new Map(allConflicts.map((c) => [c.id, c]));
    matters.value = new Map(allMatters.map((m) => [m.number, m]));
    calls.value = new Map(allCalls.map((c) => [c.id, c]));
    lines.value = allLines;
    rules.value = theRules;
    status.value = theStatus;
    if (lostSince.value !== null) {
      missed.value = {
        from: lostSince.value,
        to: nodeNow(),
        notices: countChanged(before.notices, notices.value, (n) => JSON.stringify(n)),
        conflicts: countChanged(before.conflicts, conflicts.value, (c) => c.changed_at),
      };
    }
    lostSince.value = null;
    connection.value = "live";
  });
}

async function readStatus(): Promise<Status> {
  const asked = Date.now();
  const answer = await api.get<Status>("/v1/status");
  learn(Date.parse(answer.times.REAL), asked, Date.now());
  return answer;
}

// The page that the node serves now names the script that this tab runs, or the tab is of another build.
async function checkBuild(): Promise<void> {
  const own = new URL(import.meta.url).pathname;
  const main = document.querySelector<HTMLScriptElement>('script[type="module"]')?.getAttribute("src") ?? own;
  const page = await fetch("/", { cache: "no-cache" });
  if (page.ok && !(await page.text()).includes(main)) staleTab.value = true;
}

function lost(): void {
  if (connection.value === "live") lostSince.value = nodeNow();
  connection.value = "lost";
}

// Events that come while the lists are read are applied behind them: a list may be older than the event.
let held: StreamEvent[] | null = null;

async function readAllThenApply(): Promise<void> {
  held = [];
  try {
    await readAll();
  } catch {
    lost();
  } finally {
    const late = held;
    held = null;
    for (const event of late) apply(event);
  }
}

function apply(change: StreamEvent): void {
  const { event, data } = change;
  if (event === "open" || event === "gap") {
    void readAllThenApply();
    void checkBuild().catch(() => undefined);
    return;
  }
  if (held) {
    held.push(change);
    return;
  }
  switch (event) {
    case "notice":
      refreshNotice((data as NoticeEvent).notice);
      break;
    case "conflict":
      put(conflicts, [[(data as Conflict).id, data as Conflict]]);
      break;
    case "matter":
      putMatter(data as Matter);
      break;
    case "call":
      putCall(data as Call);
      break;
  }
}

// A hazard becomes active by the clock, without an event.
function readBegun(): void {
  const now_ms = nodeNow();
  for (const notice of notices.value.values()) {
    if (notice.kind !== "hazard" || notice.activity !== "planned" || notice.latest.author !== "released") continue;
    const starts = notice.latest.declaration?.volumes.map((v) => Date.parse(v.time_start)) ?? [];
    if (starts.some((start) => start <= now_ms)) refreshNotice(notice.id);
  }
}

export async function refreshLines(): Promise<void> {
  lines.value = (await api.get<{ lines: Line[] }>("/v1/lines")).lines;
}

// Follows the node until `stop`.
export function startPicture(stop: AbortSignal): void {
  void follow(
    {
      onEvent: apply,
      onLost: lost,
      onRefused: async () => {
        if (!(await resumeSession().catch(() => true))) await needSignIn();
      },
    },
    stop,
  );
  const pollLines = async (): Promise<void> => {
    while (!stop.aborted) {
      await new Promise((resume) => setTimeout(resume, lines_period_ms));
      if (connection.value === "live") await refreshLines().catch(() => undefined);
    }
  };
  const pollStatus = async (): Promise<void> => {
    while (!stop.aborted) {
      await new Promise((resume) => setTimeout(resume, status_period_ms));
      if (connection.value !== "live") continue;
      await readStatus().then((s) => {
        status.value = s;
      }, () => undefined);
      await readHandover().catch(() => undefined);
      readBegun();
    }
  };
  void pollLines();
  void pollStatus();
}
