// What a list or a card says of a notice: the five axes (MECHANISM 3.2), each by itself.
import type { Conflict, Line, Notice, Recipient, Version } from "../api/types.ts";
import type { Tone } from "../ui/parts.tsx";

export const isOwn = (notice: Notice, party: string): boolean => notice.party.id === party;

// The other side has been told of it: as it stands, or in a version before the draft that corrects it.
export function isReleased(notice: Notice): boolean {
  if (notice.latest.disclosure === "held") return false;
  return notice.latest.author === "released" || (notice.latest.author === "draft" && notice.recipients.length > 0);
}

// Neither withdrawn nor over: what a watch has to know of. A draft or a held plan is one's own work.
export function isInForce(notice: Notice): boolean {
  if (!isReleased(notice)) return false;
  if (notice.kind === "hazard") return notice.activity !== "all_clear" && notice.activity !== "no_longer_observed";
  return notice.activity === "planned" || notice.activity === "active";
}

export const startOf = (notice: Notice): string => {
  const starts = notice.latest.declaration?.volumes.map((v) => v.time_start) ?? [];
  return starts.includes("open") ? "open" : (starts.sort()[0] ?? "open");
};
export const endOf = (notice: Notice): string => {
  const ends = notice.latest.declaration?.volumes.map((v) => v.time_end) ?? [];
  return ends.includes("open") ? "open" : (ends.sort().at(-1) ?? "open");
};

// Active first, then by start.
export function byUrgency(a: Notice, b: Notice): number {
  const active = Number(b.activity === "active") - Number(a.activity === "active");
  const key = (n: Notice): string => (startOf(n) === "open" ? "" : startOf(n));
  return active || key(a).localeCompare(key(b)) || a.id.localeCompare(b.id);
}

export function inForce(all: ReadonlyMap<string, Notice>): Notice[] {
  return [...all.values()].filter(isInForce).sort(byUrgency);
}

export interface AxisState {
  // A key of the texts behind "axis.": what stands there, in words.
  state: string;
  tone: Tone;
  at?: string;
}

// Nothing that is released now goes to this peer: it is lost, or nothing is signed on its line.
export const holdsBack = (line: Line | undefined): boolean =>
  line !== undefined && (line.old_copy !== undefined || (line.state !== "up" && line.state !== "recovering"));

// R1 and R3 are separate facts, each of the newest version or of an older one. What has not come to a peer while nothing
// goes to it was not sent (MECHANISM 6.2).
export function delivery(recipient: Recipient | undefined, line?: Line): AxisState {
  const notThere: AxisState = { state: holdsBack(line) ? "not_sent" : "not_received", tone: "alarm" };
  if (!recipient) return notThere;
  if (!recipient.received_counts && !recipient.read_back_counts && holdsBack(line)) return notThere;
  if (recipient.read_back_at && recipient.read_back_counts) {
    return { state: "read_back", tone: "good", at: recipient.read_back_at };
  }
  if (recipient.read_back_at) return { state: "read_back_old", tone: "warn", at: recipient.read_back_at };
  if (recipient.received_at && recipient.received_counts) return { state: "received", tone: "warn", at: recipient.received_at };
  if (recipient.received_at) return { state: "received_old", tone: "warn", at: recipient.received_at };
  return notThere;
}

export function assessment(recipient: Recipient | undefined): AxisState {
  const at = recipient?.assessed_at ? { at: recipient.assessed_at } : {};
  if (!recipient?.assessment || recipient.assessment === "none") return { state: "none", tone: "none" };
  if (recipient.assessment_counts === false) return { state: "old", tone: "none", ...at };
  const tone: Tone = recipient.assessment === "objection" ? "alarm" : recipient.assessment === "need_time" ? "warn" : "good";
  return { state: recipient.assessment, tone, ...at };
}

export function dissemination(recipient: Recipient | undefined): AxisState {
  if (recipient?.own_aircraft_clear) return { state: "own_aircraft_clear", tone: "good", at: recipient.own_aircraft_clear };
  if (recipient?.units_told) return { state: "units_told", tone: "good", at: recipient.units_told };
  return { state: "untold", tone: "none" };
}

export function author(notice: Notice): AxisState {
  const held = notice.latest.disclosure === "held";
  if (held) return { state: "held", tone: "none" };
  const tone: Tone = notice.latest.author === "released" ? "good" : notice.latest.author === "withdrawn" ? "warn" : "none";
  return { state: notice.latest.author, tone, at: notice.latest.stored_at };
}

export function activity(notice: Notice): AxisState {
  const tone: Tone = notice.activity === "active" ? (notice.kind === "hazard" ? "alarm" : "warn") : notice.activity === "planned" ? "" : "none";
  return { state: notice.activity, tone };
}

// Who waits for whom: the recipient, as this side sees it.
export function ofParty(notice: Notice, party: string): Recipient | undefined {
  return notice.recipients.find((recipient) => recipient.party.id === party);
}

export const conflictsOf = (notice: Notice, all: readonly Conflict[]): Conflict[] =>
  all.filter((conflict) => conflict.sides.some((side) => side.notice === notice.id));

// What an act names: the newest version that is no draft.
export function actOn(notice: Notice, versions: readonly Version[]): { notice: string; version: string } {
  const told = versions.filter((v) => v.author !== "draft" && v.disclosure === "declared").at(-1);
  const newest = notice.latest.author === "draft" && told ? told : notice.latest;
  return { notice: notice.id, version: newest.digest };
}
