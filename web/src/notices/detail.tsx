// One notice: its content, its five axes with what a person may do about each, its versions.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../api/client.ts";
import type { Notice, NoticeDetail, Recipient, ThirdParty, Version } from "../api/types.ts";
import { ConflictItem } from "../conflicts/item.tsx";
import { Profile } from "../conflicts/profile.tsx";
import { t, word } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { act } from "../state/acts.ts";
import { now, nodeNow } from "../state/clock.ts";
import { liveConflicts, notices, openMatters, rules } from "../state/picture.ts";
import { mayDo, partyId } from "../state/session.ts";
import { Countdown, Empty, ErrorText, Field, Guarded, Tag, type Task, useTask } from "../ui/parts.tsx";
import { formatSpan, formatUtc, parseTime } from "../units/time.ts";
import { Content } from "./content.tsx";
import { Axis, axisWord, kindOf, nameOf, shortId, sidesOf } from "./item.tsx";
import { ReleasePanel } from "./release.tsx";
import { CallScript } from "./script.tsx";
import { activity, actOn, assessment, author, conflictsOf, dissemination, isOwn, isReleased, ofParty, startOf } from "./select.ts";

export function NoticePage({ id }: { id: string }): JSX.Element {
  const [detail, setDetail] = useState<NoticeDetail | null>(null);
  const [error, setError] = useState<unknown>(null);
  const live = notices.value.get(id);
  useEffect(() => {
    const stop = new AbortController();
    api.get<NoticeDetail>(`/v1/notices/${id}`, stop.signal).then(setDetail, (failure: unknown) => {
      if (!stop.signal.aborted) setError(failure);
    });
    return () => stop.abort();
  }, [id, live]);
  const notice = live ?? detail?.notice;
  if (!notice) {
    const gone = error instanceof ApiError && error.status === 404;
    return gone ? <Empty>{t("notices.gone")}</Empty> : error ? <ErrorText error={error} /> : <Empty>{t("ui.loading")}</Empty>;
  }
  return <Detail notice={notice} detail={detail} />;
}

function Detail({ notice, detail }: { notice: Notice; detail: NoticeDetail | null }): JSX.Element {
  const own = isOwn(notice, partyId.value);
  const released = isReleased(notice);
  const clashes = conflictsOf(notice, liveConflicts.value);
  const due = openMatters.value.filter((m) => m.notice === notice.id);
  return (
    <div class="stack">
      <div class="row">
        <h1 class="grow">
          <span class={own ? "own" : "peer"}>{own ? t("ui.us") : peerName(notice.party)}</span> <bdi>{nameOf(notice)}</bdi>{" "}
          <span class="mono ltr">
            {shortId(notice)} / {notice.latest.number}
          </span>
        </h1>
        {notice.data_mode !== "REAL" && <Tag tone="warn">{notice.data_mode}</Tag>}
        {notice.latest.late && <Tag tone="warn">{t("notices.late")}</Tag>}
        {notice.latest.declaration?.unplanned && <Tag tone="warn">{word("unplanned")}</Tag>}
        {own && mayDo("draft_notice") && <a class="button" href={`#/notices/give/${notice.id}`}>{released ? t("notices.correct") : t("notices.edit")}</a>}
      </div>
      {notice.latest.declaration?.on_behalf_of && <p class="item warn">{t("notices.not_verified")}</p>}
      {due.length > 0 && (
        <div class="row">
          {due.map((matter) => (
            <span key={matter.number} class="item warn row">
              <span>
                {kindOf(matter)} <span class="quiet">· {matter.owed_by_peer ? t("matter.owed_by", { who: peerName(matter.peer) }) : t("matter.owed_by_us")}</span>
              </span>
              {matter.next_climb_at && <Countdown to={matter.next_climb_at} />}
            </span>
          ))}
        </div>
      )}
      {own && (notice.latest.author === "draft" || notice.latest.disclosure === "held") && <ReleasePanel notice={notice} />}
      <Axes notice={notice} own={own} versions={detail?.versions ?? []} />
      {clashes.length > 0 && (
        <section class="stack tight" aria-label={t("page.conflicts")}>
          <h2>{t("page.conflicts")}</h2>
          {clashes.map((conflict) => (
            <ConflictItem key={conflict.id} conflict={conflict} />
          ))}
        </section>
      )}
      <section class="panel" aria-label={t("notices.content")}>
        <h2>{t("notices.content")}</h2>
        {notice.latest.declaration && <Content declaration={notice.latest.declaration} />}
      </section>
      {notice.latest.declaration && <Profile ours={own ? notice.latest.declaration.volumes : []} theirs={own ? [] : notice.latest.declaration.volumes} />}
      {detail?.third_parties && <ThirdParties notice={notice} parties={detail.third_parties} />}
      <details class="panel">
        <summary>{t("script.title")}</summary>
        <CallScript notice={notice} />
      </details>
      {detail && <Versions id={notice.id} versions={detail.versions} />}
    </div>
  );
}

interface AxisProps {
  notice: Notice;
  own: boolean;
  on: { notice: string; version: string };
  task: Task;
}

function Axes({ notice, own, versions }: { notice: Notice; own: boolean; versions: Version[] }): JSX.Element {
  const task = useTask();
  const on = actOn(notice, versions);
  const released = isReleased(notice);
  return (
    <div class="stack tight">
      <div class="axes">
        <section aria-label={t("axis.author")}>
          <h2>{t("axis.author")}</h2>
          <Axis of={author(notice)} name="author" />
          <span class="quiet ltr">{formatUtc(notice.latest.stored_at, now.value, true)}</span>
          {own && released && <Withdraw on={on} notice={notice} task={task} />}
        </section>
        {released && <Delivery notice={notice} own={own} versions={versions} />}
        {released && <Assessment on={on} notice={notice} own={own} task={task} />}
        {released && <Dissemination on={on} notice={notice} task={task} />}
        <section aria-label={t("axis.activity")}>
          <h2>{t("axis.activity")}</h2>
          <Axis of={activity(notice)} name="activity" />
          {notice.started_at && <span class="quiet ltr">{formatUtc(notice.started_at, now.value, true)}</span>}
          {own && released && <ActivityActs on={on} notice={notice} task={task} />}
        </section>
      </div>
      <ErrorText error={task.error} />
    </div>
  );
}

function Withdraw({ notice, on, task }: Omit<AxisProps, "own">): JSX.Element | null {
  const started = notice.kind === "hazard" && (notice.activity !== "planned" || Date.parse(startOf(notice)) <= now.value);
  if (started || !mayDo("withdraw") || notice.activity === "ended") return null;
  return (
    <Guarded
      label={t("notices.withdraw")}
      armedLabel={t("notices.withdraw_now")}
      busy={task.busy}
      onFire={() => void task.run(() => act({ act: "withdraw", ...on }))}
    />
  );
}

function Times({ recipient }: { recipient: Recipient }): JSX.Element {
  const one = (name: string, at: string | undefined, lead_s: number | undefined): JSX.Element | null => {
    if (!at) return null;
    const lead = lead_s === undefined ? "" : t(lead_s < 0 ? "notices.after_start" : "notices.before_start", { span: formatSpan(lead_s * 1000) });
    return (
      <span class="quiet">
        <span class="ltr">{`${name} ${formatUtc(at, now.value, true)}`}</span> <span>{lead}</span>
      </span>
    );
  };
  return (
    <>
      {one("R1", recipient.received_at, recipient.received_lead_time_s)}
      {one("R3", recipient.read_back_at, recipient.read_back_lead_time_s)}
    </>
  );
}

function Delivery({ notice, own, versions }: { notice: Notice; own: boolean; versions: Version[] }): JSX.Element {
  const mine = ofParty(notice, partyId.value);
  // Versions from the last that was read back on count side by side (MECHANISM 3.1).
  const older = versions.some((each) => each.author === "superseded" && each.checked);
  const done = mine?.read_back_at && mine.read_back_counts;
  return (
    <section aria-label={t("axis.delivery")}>
      <h2>{t("axis.delivery")}</h2>
      {sidesOf(notice).map((side) => (
        <span key={side.party.id} class="stack tight">
          {own && <span class="peer">{peerName(side.party)}</span>}
          <span><Axis of={side.delivery} name="delivery" /></span>
          {side.delivery.state === "not_sent" && <span>{t("notices.by_voice", { peer: peerName(side.party) })}</span>}
          {side.recipient && <Times recipient={side.recipient} />}
          {own && older && side.recipient && !side.recipient.read_back_counts && <span class="quiet">{t("notices.older_counts", { peer: peerName(side.party) })}</span>}
        </span>
      ))}
      {!own && !done && mayDo("read_back") && (
        <a class="button primary" href={`#/notices/${notice.id}/readback`}>
          {t("notices.read_back")}
        </a>
      )}
    </section>
  );
}

function Assessment({ notice, own, on, task }: AxisProps): JSX.Element {
  const [until, setUntil] = useState("+10");
  const time = parseTime(until, nodeNow());
  const give = (kind: "no_objection" | "objection" | "need_time"): void =>
    void task.run(() =>
      act({
        act: "assess",
        ...on,
        assessment: kind,
        ...(kind === "need_time" && time.ok ? { until: time.value } : {}),
      }),
    );
  return (
    <section aria-label={t("axis.assessment")}>
      <h2>{t("axis.assessment")}</h2>
      {sidesOf(notice).map(({ party, recipient }) => (
        <span key={party.id}>
          <Axis of={assessment(recipient)} name="assessment" />{" "}
          {recipient?.need_time_until && recipient.assessment === "need_time" && <Countdown to={recipient.need_time_until} />}
        </span>
      ))}
      {!own && mayDo("assess") && (
        <div class="stack tight">
          <div class="pair">
            <button type="button" disabled={task.busy} onClick={() => give("no_objection")}>{word("no_objection")}</button>
            <button type="button" disabled={task.busy} onClick={() => give("objection")}>{word("objection")}</button>
          </div>
          <div class="beside">
            <Field label={t("field.until")} value={until} onInput={setUntil} error={time.ok ? undefined : t(time.rule)} />
            <button type="button" disabled={task.busy || !time.ok} onClick={() => give("need_time")}>{word("need_time")}</button>
          </div>
          <span class="quiet">{t("notices.not_consent")}</span>
        </div>
      )}
    </section>
  );
}

function Dissemination({ notice, on, task }: Omit<AxisProps, "own">): JSX.Element {
  const mine = ofParty(notice, partyId.value);
  const tell = (own_aircraft_clear: boolean): void =>
    void task.run(() => act({ act: "tell_units", ...on, units_told: true, own_aircraft_clear }));
  return (
    <section aria-label={t("axis.dissemination")}>
      <h2>{t("axis.dissemination")}</h2>
      {notice.recipients.map((recipient) => (
        <span key={recipient.party.id}>
          <span class="quiet">{recipient.party.id === partyId.value ? t("ui.us") : peerName(recipient.party)}</span>{" "}
          <Tag tone={dissemination(recipient).tone}>{axisWord("dissemination", dissemination(recipient).state)}</Tag>
          {recipient.disregarded_at && <span class="quiet"> {t("notices.disregarded", { time: formatUtc(recipient.disregarded_at, now.value, true) })}</span>}
        </span>
      ))}
      {mayDo("tell_units") && !mine?.own_aircraft_clear && (
        <div class="stack tight">
          {!mine?.units_told && (
            <button type="button" disabled={task.busy} onClick={() => tell(false)}>{t("notices.tell_units")}</button>
          )}
          <button type="button" disabled={task.busy} onClick={() => tell(true)}>{t("notices.own_clear")}</button>
        </div>
      )}
    </section>
  );
}

function ActivityActs({ notice, on, task }: Omit<AxisProps, "own">): JSX.Element | null {
  if (notice.kind !== "activity" && notice.kind !== "hazard") return null;
  const dwell_s = notice.latest.declaration?.hazard ? (rules.value?.hazard_dwell_s[notice.latest.declaration.hazard.class] ?? 0) : 0;
  const clearFrom = notice.ended_at ? new Date(Date.parse(notice.ended_at) + dwell_s * 1000).toISOString() : null;
  const foreign = notice.latest.declaration?.hazard?.source !== undefined && notice.latest.declaration.hazard.source !== "own";
  return (
    <div class="stack tight">
      {notice.activity === "planned" && mayDo("set_active") && (
        <button type="button" disabled={task.busy} onClick={() => void task.run(() => act({ act: "set_active", ...on }))}>
          {t("notices.begin")}
        </button>
      )}
      {notice.activity === "active" && mayDo("set_ended") && (
        <button type="button" disabled={task.busy} onClick={() => void task.run(() => act({ act: "set_ended", ...on }))}>
          {t("notices.end")}
        </button>
      )}
      {notice.kind === "hazard" && notice.activity === "ended" && clearFrom && (
        <>
          {Date.parse(clearFrom) > now.value && <Countdown to={clearFrom} label={t("notices.dwell")} />}
          <Guarded
            label={foreign ? word("no_longer_observed") : word("all_clear")}
            armedLabel={t("notices.all_clear_now")}
            busy={task.busy}
            disabled={!mayDo("all_clear") || Date.parse(clearFrom) > now.value}
            onFire={() => void task.run(() => act({ act: "all_clear", ...on, no_longer_observed: foreign }))}
          />
          {!mayDo("all_clear") && <span class="quiet">{t("notices.supervisor")}</span>}
        </>
      )}
    </div>
  );
}

function ThirdParties({ notice, parties }: { notice: Notice; parties: ThirdParty[] }): JSX.Element {
  const task = useTask();
  const receipts = ["acknowledged", "read_back", "no_answer"] as const;
  return (
    <section class="panel stack tight" aria-label={t("notices.third_parties")}>
      <h2>{t("notices.third_parties")}</h2>
      {parties.map((party) => (
        <div key={`${party.name} ${party.told_by.id}`} class="row">
          <bdi class="grow">{party.name}</bdi>
          {party.told_at ? (
            <Tag tone="good">
              {t("notices.told")} <span class="ltr">{formatUtc(party.told_at, now.value, true)}</span> {party.receipt && word(party.receipt)}
            </Tag>
          ) : (
            <Countdown to={party.due_at} />
          )}
          {!party.told_at && party.told_by.id === partyId.value && mayDo("mark_told") &&
            receipts.map((receipt) => (
              <button
                key={receipt}
                type="button"
                disabled={task.busy}
                onClick={() => void task.run(() => act({ act: "mark_told", notice: notice.id, version: party.version, third_party: party.name, receipt }))}
              >
                {t(`receipt.${receipt}`)}
              </button>
            ))}
        </div>
      ))}
      <ErrorText error={task.error} />
    </section>
  );
}

function Versions({ id, versions }: { id: string; versions: Version[] }): JSX.Element {
  const [compared, setCompared] = useState<[Version, Version | undefined] | null>(null);
  const load = async (number: number): Promise<void> => {
    const of = (n: number): Promise<Version> => api.get<Version>(`/v1/notices/${id}/versions/${n}`);
    const [chosen, before] = await Promise.all([of(number), number > 1 ? of(number - 1).catch(() => undefined) : undefined]);
    setCompared([chosen, before]);
  };
  return (
    <section class="panel stack tight" aria-label={t("notices.versions")}>
      <h2>{t("notices.versions")}</h2>
      <ul class="stack tight">
        {[...versions].reverse().map((each) => (
          <li key={each.number} class="row">
            <button type="button" onClick={() => void load(each.number).catch(() => undefined)}>
              {t("notices.version", { n: each.number })}
            </button>
            <span class="ltr">{formatUtc(each.stored_at, now.value, true)}</span>
            <Tag tone={each.author === "released" ? "good" : "none"}>{word(each.author)}</Tag>
            {each.checked && <span class="quiet">{t("notices.checked")}</span>}
            {each.late && <Tag tone="warn">{t("notices.late")}</Tag>}
            <span class="mono quiet ltr">{each.digest.slice(0, 12)}</span>
          </li>
        ))}
      </ul>
      {compared?.[0].declaration && (
        <div class="item">
          <h3>{t("notices.version", { n: compared[0].number })}</h3>
          <Content declaration={compared[0].declaration} before={compared[1]?.declaration} />
        </div>
      )}
    </section>
  );
}
