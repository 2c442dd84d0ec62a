// What has happened: a timeline of what this node holds, with the time of the sender and that of the storing, and counts.
import type { JSX } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Call, Counts, Notice } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { nameOf, shortId } from "../notices/item.tsx";
import { calls, notices } from "../state/picture.ts";
import { partyId } from "../state/session.ts";
import { Choices, Empty, ErrorText, Tag } from "../ui/parts.tsx";
import { formatLocal, formatSpan, formatUtc } from "../units/time.ts";

const Plot = lazy(() => import("./plot.tsx"));

interface Entry {
  at: string;
  stored?: string;
  who: string;
  what: string;
  to: string;
  proof?: "R1" | "R3";
}

const rows_max = 300;

export function entriesOf(all: Iterable<Notice>, allCalls: Iterable<Call>, party: string): Entry[] {
  const entries: Entry[] = [];
  const us = t("ui.us");
  for (const notice of all) {
    if (notice.latest.disclosure !== "declared" || notice.latest.author === "draft") continue;
    const own = notice.party.id === party;
    const who = own ? us : peerName(notice.party);
    const to = `#/notices/${notice.id}`;
    const name = `${nameOf(notice)} ${shortId(notice)}`;
    entries.push({ at: notice.latest.stored_at, who, what: `${word(notice.latest.author)}: ${name} / ${notice.latest.number}`, to });
    if (notice.started_at) entries.push({ at: notice.started_at, who, what: `${word("active")}: ${name}`, to });
    if (notice.ended_at) entries.push({ at: notice.ended_at, who, what: `${word("ended")}: ${name}`, to });
    if (notice.all_clear_at) entries.push({ at: notice.all_clear_at, who, what: `${word("all_clear")}: ${name}`, to });
    for (const recipient of notice.recipients) {
      const by = recipient.party.id === party ? us : peerName(recipient.party);
      if (recipient.received_at) entries.push({ at: recipient.received_at, who: by, what: name, to, proof: "R1" });
      if (recipient.read_back_at) entries.push({ at: recipient.read_back_at, who: by, what: name, to, proof: "R3" });
      if (recipient.assessed_at && recipient.assessment) {
        entries.push({ at: recipient.assessed_at, who: by, what: `${word(recipient.assessment)}: ${name}`, to });
      }
    }
  }
  for (const call of allCalls) {
    const who = call.by_us ? us : peerName(call.peer);
    entries.push({ at: call.at, stored: call.stored_at, who, what: word(call.kind), to: "#/calls" });
    for (const answer of call.answers) {
      entries.push({ at: answer.at, who: answer.by_us ? us : peerName(call.peer), what: `${word(call.kind)}: ${word(answer.answer)}`, to: "#/calls" });
    }
  }
  return entries.sort((a, b) => b.at.localeCompare(a.at));
}

export function RecordPage(): JSX.Element {
  const [view, setView] = useState<"timeline" | "statistics">("timeline");
  return (
    <div class="stack">
      <h1>{t("page.record")}</h1>
      <Choices
        label={t("notices.show")}
        value={view}
        onChange={(value) => setView(value as typeof view)}
        choices={[
          { value: "timeline", label: t("record.timeline") },
          { value: "statistics", label: t("record.statistics") },
        ]}
      />
      {view === "timeline" ? <Timeline /> : <Statistics />}
    </div>
  );
}

function Timeline(): JSX.Element {
  const entries = entriesOf(notices.value.values(), calls.value.values(), partyId.value).slice(0, rows_max);
  if (entries.length === 0) return <Empty>{t("record.none")}</Empty>;
  return (
    <div class="scroll panel" role="region" aria-label={t("record.timeline")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("record.utc")}</th>
            <th scope="col">{t("record.local")}</th>
            <th scope="col">{t("record.stored")}</th>
            <th scope="col">{t("field.party")}</th>
            <th scope="col">{t("record.what")}</th>
            <th scope="col">{t("record.proof")}</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry, i) => (
            <tr key={i}>
              <td class="ltr">{`${entry.at.slice(0, 10)} ${formatUtc(entry.at, undefined, true)}`}</td>
              <td class="ltr quiet">{formatLocal(entry.at)}</td>
              <td class="ltr">{entry.stored ? formatUtc(entry.stored, undefined, true) : "—"}</td>
              <td>{entry.who}</td>
              <td>
                <a href={entry.to}><bdi>{entry.what}</bdi></a>
              </td>
              <td>{entry.proof && <Tag tone="good">{entry.proof}</Tag>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const counted = ["sent", "received", "sent_late", "received_late", "read_back_mismatches", "release_blocked", "checks_made", "checks_missed", "stop_calls", "stop_calls_unanswered", "incursion_warnings", "incursion_warnings_unanswered", "times_lost", "climbed"] as const;
const durations = ["lead_at_r1", "lead_at_r3", "receipt", "read_back", "read_back_by_us"] as const;

function Statistics(): JSX.Element {
  const [found, setFound] = useState<Counts[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    const stop = new AbortController();
    api.get<{ statistics: Counts[] }>("/v1/statistics", stop.signal).then((page) => setFound(page.statistics), setError);
    return () => stop.abort();
  }, []);
  if (error) return <ErrorText error={error} />;
  if (!found) return <Empty>{t("ui.loading")}</Empty>;
  if (found.length === 0) return <Empty>{t("record.none")}</Empty>;
  return (
    <div class="stack">
      {found.map((counts) => (
        <section key={`${counts.peer?.id} ${counts.data_mode}`} class="panel stack" aria-label={counts.data_mode}>
          <h2>
            {counts.peer ? peerName(counts.peer) : ""} · {counts.data_mode}
          </h2>
          <Suspense fallback={null}>
            <Plot
              label={t("record.counts")}
              names={counted.map((name) => t(`count.${name}`))}
              values={counted.map((name) => counts[name])}
            />
          </Suspense>
          <div class="fields">
            <dl class="facts">
              {counted.map((name) => (
                <Fact key={name} label={t(`count.${name}`)} text={String(counts[name])} />
              ))}
            </dl>
            <dl class="facts">
              {durations.map((name) => {
                const d = counts[name];
                const span = (ms: number | undefined): string => (ms === undefined ? "—" : formatSpan(ms));
                return <Fact key={name} label={t(`count.${name}`)} text={`n ${d.count}  p50 ${span(d.p50_ms)}  p95 ${span(d.p95_ms)}  max ${span(d.max_ms)}`} />;
              })}
            </dl>
          </div>
        </section>
      ))}
    </div>
  );
}

function Fact({ label, text }: { label: string; text: string }): JSX.Element {
  return (
    <>
      <dt>{label}</dt>
      <dd class="ltr">{text}</dd>
    </>
  );
}
