// What has happened: a timeline with the clocks of both sides, proofs verified here, dealings compared, and counts.
import type { JSX } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Call, Counts, Notice, Recipient } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { nameOf, shortId } from "../notices/item.tsx";
import { calls, notices } from "../state/picture.ts";
import { partyId } from "../state/session.ts";
import { Choices, Empty, ErrorText, Tag } from "../ui/parts.tsx";
import { go } from "../state/route.ts";
import { formatLocal, formatSpan, formatUtc } from "../units/time.ts";
import { counted, durations } from "./counts.ts";
import { Exchanges } from "./exchanges.tsx";
import { Proofs } from "./proofs.tsx";

const Plot = lazy(() => import("./plot.tsx"));

type Proof = "R1" | "R2" | "R3";

interface Entry {
  at: string;
  stored?: string | undefined;
  who: string;
  what: string;
  to: string;
  // Of a version: what each recipient has proven of it, and what not yet. Of a receipt: the one that it is.
  proofs?: { proof: Proof; holds: boolean }[];
}

// Of the version that is shown. R2 needs R1, R3 needs R1 and never R2: each stands for itself.
const proofsOf = (recipient: Recipient): { proof: Proof; holds: boolean }[] => [
  { proof: "R1", holds: recipient.received_counts === true },
  { proof: "R2", holds: recipient.recorded_counts === true },
  { proof: "R3", holds: recipient.read_back_counts === true },
];

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
    const proofs = notice.recipients.filter((each) => own || each.party.id === party).flatMap(proofsOf);
    entries.push({ at: notice.latest.stored_at, who, what: `${word(notice.latest.author)}: ${name} / ${notice.latest.number}`, to, proofs });
    if (notice.started_at) entries.push({ at: notice.started_at, who, what: `${word("active")}: ${name}`, to });
    if (notice.ended_at) entries.push({ at: notice.ended_at, who, what: `${word("ended")}: ${name}`, to });
    if (notice.all_clear_at) entries.push({ at: notice.all_clear_at, who, what: `${word("all_clear")}: ${name}`, to });
    for (const recipient of notice.recipients) {
      const by = recipient.party.id === party ? us : peerName(recipient.party);
      const receipt = (at: string | undefined, proof: Proof, stored?: string): void => {
        if (at) entries.push({ at, stored, who: by, what: name, to, proofs: [{ proof, holds: true }] });
      };
      receipt(recipient.received_at, "R1");
      // By the clock of who cosigned; beside it when the cosignature came here.
      receipt(recipient.cosigned_at, "R2", recipient.recorded_at);
      receipt(recipient.read_back_at, "R3");
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

const views = ["timeline", "proofs", "exchanges", "statistics"] as const;

export function RecordPage({ view, chosen }: { view: (typeof views)[number]; chosen?: string | undefined }): JSX.Element {
  return (
    <div class="stack">
      <h1>{t("page.record")}</h1>
      <Choices
        label={t("notices.show")}
        value={view}
        onChange={(value) => go("record", value)}
        choices={views.map((value) => ({ value, label: t(`record.${value}`) }))}
      />
      {view === "timeline" && <Timeline />}
      {view === "proofs" && <Proofs />}
      {view === "exchanges" && <Exchanges chosen={chosen} />}
      {view === "statistics" && <Statistics />}
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
              <td>
                <span class="row tight">
                  {entry.proofs?.map(({ proof, holds }, n) => <Tag key={n} tone={holds ? "good" : "none"}>{proof}</Tag>)}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

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
          <div class="fields wide">
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
