// The conflicts, and one of them in full: who, when, how much is missing, what would resolve it, what each side has said.
import type { JSX } from "preact";
import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Bases, Conflict, Notice } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { copied } from "../notices/copied.ts";
import { draftOf } from "../notices/draft.ts";
import { act } from "../state/acts.ts";
import { now, nodeNow } from "../state/clock.ts";
import { conflicts, liveConflicts, notices } from "../state/picture.ts";
import { go } from "../state/route.ts";
import { mayDo, partyId } from "../state/session.ts";
import { Choices, Countdown, Empty, ErrorText, Field, Tag, useTask } from "../ui/parts.tsx";
import { formatHeight_m, formatLength_m } from "../units/measures.ts";
import { formatLocal, formatSpan, formatUtc } from "../units/time.ts";
import { ConflictItem, isAlarming, shortfallText, SideName, SideNames, Verdict, versionsOf } from "./item.tsx";
import { hullOf } from "./hull.ts";
import { Profile } from "./profile.tsx";
import { AcceptRisk } from "./risk.tsx";
import { type Suggestion, suggest } from "./suggest.ts";

const MapView = lazy(() => import("../map/view.tsx"));

const filters = ["alarming", "listed", "over"] as const;
const shown_max = 200;

export function ConflictsPage({ chosen }: { chosen: string | undefined }): JSX.Element {
  const [filter, setFilter] = useState<(typeof filters)[number]>("alarming");
  const one = chosen ? conflicts.value.get(chosen) : undefined;
  if (chosen && one) return <One key={chosen} conflict={one} />;
  const all = filter === "over" ? [...conflicts.value.values()].filter((c) => !liveConflicts.value.includes(c)) : liveConflicts.value;
  const rows = filter === "over" ? all : all.filter((c) => isAlarming(c) === (filter === "alarming"));
  return (
    <div class="stack">
      <h1>{t("page.conflicts")}</h1>
      {chosen && <Empty>{t("conflicts.gone")}</Empty>}
      <Choices
        label={t("notices.show")}
        value={filter}
        onChange={(value) => setFilter(value as typeof filter)}
        choices={filters.map((value) => ({ value, label: t(`conflicts.${value}`) }))}
      />
      {rows.length === 0 && <Empty>{t("conflicts.none")}</Empty>}
      <ul class="stack tight">
        {rows.slice(0, shown_max).map((conflict) => (
          <li key={conflict.id}>
            <ConflictItem conflict={conflict} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function One({ conflict }: { conflict: Conflict }): JSX.Element {
  const pair = conflict.pairs[0];
  const ownSide = conflict.sides.find((side) => side.party.id === partyId.value);
  const otherSide = conflict.sides.find((side) => side !== ownSide);
  const own = ownSide && notices.value.get(ownSide.notice);
  const other = otherSide && notices.value.get(otherSide.notice);
  return (
    <div class="stack">
      <div class="row">
        <h1 class="grow"><SideNames conflict={conflict} /></h1>
        <Verdict conflict={conflict} />
        {conflict.local && <Tag>{t("conflict.held")}</Tag>}
        {conflict.first_moment !== "open" && <Countdown to={conflict.first_moment} label={t("conflict.first")} />}
      </div>
      <p dir="auto" lang="en">{conflict.why}</p>
      {own && other && <Corrected conflict={conflict} own={own} other={other} />}
      <div class="split">
        <div class="stack">
          <section class="panel" aria-label={t("conflict.facts")}>
            <dl class="facts">
              <dt>{t("conflict.first")}</dt>
              <dd class="ltr">{conflict.first_moment === "open" ? "—" : `${formatUtc(conflict.first_moment, now.value, true)} (${formatLocal(conflict.first_moment)})`}</dd>
              <dt>{t("conflict.last")}</dt>
              <dd class="ltr">{formatUtc(conflict.last_moment, now.value, true)}</dd>
              <dt>{t("conflict.separation")}</dt>
              <dd class="ltr">{`↔ ${formatLength_m(conflict.separation.lateral_m)}  ↕ ${formatHeight_m(conflict.separation.vertical_m)}  ⏱ ${conflict.separation.time_s / 60} min`}</dd>
              <dt>{t("conflict.gap")}</dt>
              <dd class="ltr">{pair ? gapText(conflict) : "—"}</dd>
              <dt>{t("conflict.shortfall")}</dt>
              <dd class="ltr">{pair ? shortfallText(pair.shortfall) : "—"}</dd>
              {pair && pair.causes.length > 0 && (
                <>
                  <dt>{t("conflict.causes")}</dt>
                  <dd>{pair.causes.map((cause) => t(`cause.${cause}`)).join(", ")}</dd>
                </>
              )}
            </dl>
          </section>
          {own && <Suggestions conflict={conflict} own={own} other={other} />}
          <Sides conflict={conflict} />
          {conflict.local ? <HeldOptions conflict={conflict} own={own} /> : <Measures conflict={conflict} />}
          {!conflict.local && <BasesPanel conflict={conflict} />}
        </div>
        <div class="stack">
          <div class="minimap">
            <Suspense fallback={<Empty>{t("ui.loading")}</Empty>}>
              <MapView conflict={conflict.id} />
            </Suspense>
          </div>
          {own && other && <Profile conflict={conflict} ours={own.latest.declaration?.volumes ?? []} theirs={other.latest.declaration?.volumes ?? []} />}
        </div>
      </div>
    </div>
  );
}

// No pair is of the newest version: what is left of the conflict is of a version that counts until the newer one is read back
// (MECHANISM 3.1). Nothing else is to be done about it.
const isCorrected = (conflict: Conflict, notice: Notice): boolean => {
  const i = conflict.sides.findIndex((side) => side.notice === notice.id);
  return notice.latest.author === "released" && conflict.pairs.length > 0 && conflict.pairs.every((pair) => pair.versions[i] !== notice.latest.digest);
};

function Corrected({ conflict, own, other }: { conflict: Conflict; own: Notice; other: Notice }): JSX.Element | null {
  if (!liveConflicts.value.includes(conflict)) return null;
  const peer = peerName(other.party);
  if (isCorrected(conflict, own)) {
    return (
      <p class="item warn row" role="status">
        <span class="grow">{t("conflict.corrected_by_us", { peer })}</span>
        <a class="button" href={`#/notices/${own.id}`}>{t("calls.notice")}</a>
      </p>
    );
  }
  if (own.latest.author === "draft") {
    return (
      <p class="item warn row" role="status">
        <span class="grow">{t("conflict.draft_by_us")}</span>
        <a class="button primary" href={`#/notices/${own.id}`}>{t("release.title")}</a>
      </p>
    );
  }
  if (!isCorrected(conflict, other)) return null;
  return (
    <p class="item warn row" role="status">
      <span class="grow">{t("conflict.corrected_by_peer", { peer })}</span>
      <a class="button primary" href={`#/notices/${other.id}/readback`}>{t("notices.read_back")}</a>
    </p>
  );
}

function gapText(conflict: Conflict): string {
  const pair = conflict.pairs[0]!;
  const vertical = pair.vertical_gap_min_m === null ? "—" : formatHeight_m(pair.vertical_gap_min_m);
  const time = pair.time_gap_s === null ? "—" : `${pair.time_gap_s < 0 ? "−" : ""}${formatSpan(pair.time_gap_s * 1000)}`;
  return `↔ ${formatLength_m(pair.lateral_gap_m)}  ↕ ${vertical}  ⏱ ${time}`;
}

function Sides({ conflict }: { conflict: Conflict }): JSX.Element {
  return (
    <section class="panel stack tight" aria-label={t("conflict.sides")}>
      <h2>{t("conflict.sides")}</h2>
      {conflict.sides.map((side) => (
        <div key={side.notice} class="row tight">
          <a href={`#/notices/${side.notice}`}><SideName side={side} /></a>
          {side.role_to_call && <bdi class="quiet">{side.role_to_call}</bdi>}
          {side.frequency && <bdi class="quiet ltr">{side.frequency}</bdi>}
          {side.seen_at ? <Tag tone="good">{t("conflict.seen")} <span class="ltr">{formatUtc(side.seen_at, now.value)}</span></Tag> : <Tag tone="none">{t("conflict.not_seen")}</Tag>}
          {side.measures && <Tag>{t("conflict.proposes")} <bdi>{side.measures}</bdi></Tag>}
        </div>
      ))}
    </section>
  );
}

function Suggestions({ conflict, own, other }: { conflict: Conflict; own: Notice; other: Notice | undefined }): JSX.Element | null {
  const declaration = own.latest.declaration;
  if (!declaration || conflict.state === "resolved" || conflict.state === "passed" || isCorrected(conflict, own)) return null;
  const found = suggest(conflict, own, other, nodeNow());
  const amount = (s: Suggestion): string =>
    s.kind === "later" || s.kind === "earlier" ? `${Math.round(s.amount / 60)} min` : s.kind === "elsewhere" ? formatLength_m(s.amount) : formatHeight_m(s.amount);
  return (
    <section class="panel stack tight" aria-label={t("suggest.title")}>
      <h2>{t("suggest.title")}</h2>
      <p class="quiet">{t("suggest.help")}</p>
      {found.map((suggestion) => (
        <div key={suggestion.kind} class="row">
          <span class="grow">
            {t(`suggest.${suggestion.kind}`)} <strong class="ltr">{amount(suggestion)}</strong>
          </span>
          <button
            type="button"
            disabled={!mayDo("draft_notice")}
            onClick={() => {
              copied.put(own.id, draftOf({ ...declaration, volumes: suggestion.volumes }));
              go("notices", "give", own.id);
            }}
          >
            {t("suggest.copy")}
          </button>
        </div>
      ))}
    </section>
  );
}

function Measures({ conflict }: { conflict: Conflict }): JSX.Element {
  const [text, setText] = useState("");
  const task = useTask();
  const own = conflict.sides.find((side) => side.party.id === partyId.value);
  const theirs = conflict.sides.find((side) => side !== own)?.measures;
  const propose = (measures: string): void =>
    void task.run(() => act({ act: "propose_measures", conflict: conflict.id, versions: versionsOf(conflict), measures }));
  return (
    <section class="panel stack tight" aria-label={t("conflict.measures")}>
      <h2>{t("conflict.measures")}</h2>
      <div class="row">
        {!own?.seen_at && (
          <button type="button" class="primary" disabled={task.busy || !mayDo("mark_conflict_seen")} onClick={() => void task.run(() => act({ act: "mark_conflict_seen", conflict: conflict.id, versions: versionsOf(conflict) }))}>
            {t("conflict.mark_seen")}
          </button>
        )}
        {theirs && theirs !== own?.measures && (
          <button type="button" class="primary" disabled={task.busy || !mayDo("accept_measures")} onClick={() => propose(theirs)}>
            {t("conflict.accept")} <bdi>{theirs}</bdi>
          </button>
        )}
      </div>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          propose(text);
        }}
      >
        <Field label={t("conflict.propose")} value={text} onInput={setText} hint={t("conflict.measures_hint")} />
        <button disabled={!text || task.busy || !mayDo("propose_measures")}>{t("conflict.send")}</button>
      </form>
      <ErrorText error={task.error} />
    </section>
  );
}

// A conflict with a plan that stays here is known here alone: what may be done, and what each way tells the other side.
function HeldOptions({ conflict, own }: { conflict: Conflict; own: Notice | undefined }): JSX.Element {
  const task = useTask();
  const pair = conflict.pairs[0];
  const ask = (): void => {
    if (!pair) return;
    const { south_west: sw, north_east: ne } = pair.area;
    const centre = { lat: (sw.lat + ne.lat) / 2, lng: (sw.lng + ne.lng) / 2 };
    const radius_m = Math.ceil(111_000 * Math.hypot((ne.lat - sw.lat) / 2, ((ne.lng - sw.lng) / 2) * Math.cos((centre.lat * Math.PI) / 180)));
    const { time_start: from, time_end: to } = pair.overlap;
    void task.run(() => act({ act: "ask_keep_clear", centre, radius_m, from, to, data_mode: conflict.data_mode })).then((done) => done && go("calls"));
  };
  const bounded = pair !== undefined && pair.overlap.time_start !== "open" && pair.overlap.time_end !== "open";
  return (
    <section class="panel stack" aria-label={t("held.title")}>
      <h2>{t("held.title")}</h2>
      <p>{t("held.help")}</p>
      {own && (
        <div class="row">
          <span class="grow"><strong>{t("held.move")}</strong> — {t("held.move_reveals")}</span>
          <a class="button" href={`#/notices/give/${own.id}`}>{t("held.move")}</a>
        </div>
      )}
      {own && (
        <div class="row">
          <span class="grow"><strong>{t("held.declare")}</strong> — {t("held.declare_reveals")}</span>
          <a class="button" href={`#/notices/${own.id}`}>{t("held.declare")}</a>
        </div>
      )}
      {own?.latest.declaration && (
        <div class="row">
          <span class="grow"><strong>{t("held.hull")}</strong> — {t("held.hull_reveals")}</span>
          <button type="button" disabled={!mayDo("draft_notice")} onClick={() => declareHull(own)}>{t("held.hull")}</button>
        </div>
      )}
      <div class="row">
        <span class="grow"><strong>{t("held.ask")}</strong> — {t("held.ask_reveals")}</span>
        <button type="button" disabled={!bounded || task.busy || !mayDo("ask_keep_clear")} onClick={ask}>{t("held.ask")}</button>
      </div>
      <AcceptRisk conflict={conflict} />
      <ErrorText error={task.error} />
    </section>
  );
}

// Given as a notice of its own, by a second person's entry: it is not the plan, and is not compared with it.
function declareHull(own: Notice): void {
  if (!own.latest.declaration) return;
  copied.put(undefined, hullOf(own.latest.declaration));
  go("notices", "give");
}

function BasesPanel({ conflict }: { conflict: Conflict }): JSX.Element {
  const [bases, setBases] = useState<Bases | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    api.get<Bases>(`/v1/conflicts/${conflict.id}/bases`, stop.signal).then(setBases, () => setBases(null));
    return () => stop.abort();
  }, [conflict]);
  const other = conflict.sides.find((side) => side.party.id !== partyId.value);
  return (
    <section class="panel stack tight" aria-label={t("bases.title")}>
      <h2>{t("bases.title")}</h2>
      {bases?.equal === true && <Tag tone="good">{t("bases.equal")}</Tag>}
      {bases?.equal === false && <Tag tone="alarm">{t("bases.differ")}</Tag>}
      {bases && !bases.theirs && <Tag tone="none">{t("bases.waits", { peer: other ? peerName(other.party) : "" })}</Tag>}
      {bases?.differences?.map((pointer) => <code key={pointer} class="mono ltr">{pointer}</code>)}
    </section>
  );
}
