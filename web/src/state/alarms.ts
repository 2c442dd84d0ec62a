// What must be loud now: said by colour, by sound and in the title. A person silences what they have heard; something of
// another kind, or the same from anew, sounds again. Silencing answers nothing.
import { computed, effect, signal } from "@preact/signals";
import { t } from "../i18n/text.ts";
import { type Alarm as Sound, sound } from "../ui/sound.ts";
import { calls, connection, lines, openMatters } from "./picture.ts";
import { me } from "./session.ts";
import { settings } from "./settings.ts";

export interface Alarm {
  id: string;
  kind: "no_node" | "link_lost" | "stop_call" | "missed_check" | "incursion";
  peer: string;
}

const nameOf = (party: { id: string; name?: string }): string => party.name ?? party.id.slice(0, 8);

export const alarms = computed<Alarm[]>(() => {
  if (!me.value) return [];
  const found: Alarm[] = [];
  if (connection.value === "lost") found.push({ id: "no_node", kind: "no_node", peer: "" });
  for (const line of lines.value) {
    if (line.state === "lost") found.push({ id: `lost ${line.peer.id}`, kind: "link_lost", peer: nameOf(line.peer) });
  }
  for (const call of calls.value.values()) {
    const loud = call.kind === "stop_call" || call.kind === "incursion_warning";
    if (!loud || call.closed_at || call.by_us || call.answers.length > 0) continue;
    const kind = call.kind === "stop_call" ? "stop_call" : "incursion";
    found.push({ id: `${call.kind} ${call.id}`, kind, peer: nameOf(call.peer) });
  }
  for (const matter of openMatters.value) {
    if (matter.kind !== "missed_check") continue;
    found.push({ id: `check ${matter.number}`, kind: "missed_check", peer: nameOf(matter.peer) });
  }
  return found;
});

const silenced = signal<ReadonlySet<string>>(new Set());
export const loudAlarms = computed(() => alarms.value.filter((alarm) => !silenced.value.has(alarm.id)));

export function silence(): void {
  silenced.value = new Set(alarms.value.map((alarm) => alarm.id));
}

const repeat_ms = 4_000;
const soundOf: Record<Alarm["kind"], Sound> = {
  no_node: "link_lost",
  link_lost: "link_lost",
  stop_call: "stop_call",
  incursion: "stop_call",
  missed_check: "attention",
};

// Keeps the sound and the title until the returned function is called.
export function startAlarms(): () => void {
  const forget = effect(() => {
    const now = new Set(alarms.value.map((alarm) => alarm.id));
    const kept = [...silenced.peek()].filter((id) => now.has(id));
    if (kept.length !== silenced.peek().size) silenced.value = new Set(kept);
  });
  const title = effect(() => {
    const first = alarms.value[0];
    const name = me.value?.party.name ?? "";
    document.title = first ? `■ ${t(`alarm.${first.kind}`, { peer: first.peer })} · ${name}` : `${name} · Wideberth`;
  });
  const ring = (): void => {
    const first = loudAlarms.value[0];
    if (first && settings.value.sound) sound(soundOf[first.kind]);
  };
  const begin = effect(ring);
  const again = setInterval(ring, repeat_ms);
  return () => {
    forget();
    title();
    begin();
    clearInterval(again);
  };
}
