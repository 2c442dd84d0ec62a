// What somebody owes an answer to, and the calls between duty officers with their answers.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Call, Matter } from "../api/types.ts";
import { SideNames } from "../conflicts/item.tsx";
import { named, t, word } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { kindOf, nameOf, shortId } from "../notices/item.tsx";
import { isOwn } from "../notices/select.ts";
import { act } from "../state/acts.ts";
import { now } from "../state/clock.ts";
import { calls, conflicts, notices, openMatters } from "../state/picture.ts";
import { mayDo, partyId } from "../state/session.ts";
import { Choices, Countdown, Empty, ErrorText, Field, Guarded, Tag, useTask } from "../ui/parts.tsx";
import { urgent } from "../ui/guarded.tsx";
import { formatPosition } from "../units/coordinates.ts";
import { formatLength_m } from "../units/measures.ts";
import { formatUtc } from "../units/time.ts";

export function CallsPage(): JSX.Element {
  const all = [...calls.value.values()].sort((a, b) => b.at.localeCompare(a.at));
  const open = all.filter((call) => !call.closed_at);
  const closed = all.filter((call) => call.closed_at).slice(0, 50);
  return (
    <div class="stack">
      <div class="row">
        <h1 class="grow">{t("page.calls")}</h1>
        {mayDo("incursion_warning") && (
          <button type="button" class="danger" onClick={() => (urgent.value = "entry")}>{t("urgent.entry")}</button>
        )}
      </div>
      <section class="stack tight" aria-label={t("calls.open")}>
        <h2>{t("calls.open")}</h2>
        {open.length === 0 && <Empty>{t("calls.none")}</Empty>}
        {open.map((call) => (
          <OneCall key={call.id} call={call} />
        ))}
      </section>
      <section class="stack tight" aria-label={t("calls.matters")}>
        <h2>{t("calls.matters")}</h2>
        <Matters beside={open} />
      </section>
      <PolicyText />
      <section class="stack tight" aria-label={t("calls.closed")}>
        <h2>{t("calls.closed")}</h2>
        {closed.map((call) => (
          <OneCall key={call.id} call={call} />
        ))}
      </section>
    </div>
  );
}

// A call that stands above says itself what is owed for it.
export function Matters(props: { own?: boolean; beside: readonly Call[] }): JSX.Element | null {
  const above = new Set(props.beside.map((call) => call.act));
  const shown = openMatters.value.filter((m) => (!props.own || !m.owed_by_peer) && !above.has(m.subject));
  if (shown.length === 0) return props.beside.length > 0 ? null : <Empty>{t("calls.no_matters")}</Empty>;
  return (
    <ul class="stack tight">
      {shown.map((matter) => (
        <li key={matter.number}>
          <OneMatter matter={matter} own={props.own ?? false} />
        </li>
      ))}
    </ul>
  );
}

const toOf = (matter: Matter): string => {
  if (matter.kind === "conflict") return `#/conflicts/${matter.subject}`;
  if (matter.notice) return `#/notices/${matter.notice}`;
  return ["line_check", "missed_check", "line_lost", "keys_changed"].includes(matter.kind) ? "#/line" : "#/calls";
};

// What it is about: the conflict, the notice, the line.
function About({ matter }: { matter: Matter }): JSX.Element {
  const conflict = matter.kind === "conflict" ? conflicts.value.get(matter.subject) : undefined;
  if (conflict) return <SideNames conflict={conflict} />;
  const notice = matter.notice && notices.value.get(matter.notice);
  if (!notice) return <bdi>{matter.peer.id === partyId.value ? t("ui.us") : peerName(matter.peer)}</bdi>;
  const own = isOwn(notice, partyId.value);
  return (
    <span>
      <span class={own ? "own" : "peer"}>{own ? t("ui.us") : peerName(notice.party)}</span> <bdi>{nameOf(notice)}</bdi>{" "}
      <span class="mono quiet ltr">{shortId(notice)}</span>
    </span>
  );
}

// `own`: among those that are owed by us alone, where nothing need be said of it.
function OneMatter({ matter, own }: { matter: Matter; own: boolean }): JSX.Element {
  const tone = matter.alarmed || matter.urgent ? "alarm" : matter.owed_by_peer ? "" : "warn";
  return (
    <a class={`item ${tone}`} href={toOf(matter)}>
      <span class="row">
        <strong class="grow">{kindOf(matter)}</strong>
        {matter.next_climb_at && <Countdown to={matter.next_climb_at} />}
      </span>
      <span class="row tight">
        <About matter={matter} />
        <span class="grow" />
        {matter.owed_by_peer && <Tag>{t("matter.owed_by", { who: peerName(matter.peer) })}</Tag>}
        {!matter.owed_by_peer && !own && <Tag tone="warn">{t("matter.owed_by_us")}</Tag>}
        {(!own || matter.level !== "duty_officer") && <span class="quiet">{t("matter.level", { level: t(`role.${matter.level}`) })}</span>}
        {matter.data_mode !== "REAL" && <Tag tone="warn">{matter.data_mode}</Tag>}
        {matter.third_party && <span dir="auto">{matter.third_party}</span>}
      </span>
    </a>
  );
}

export function OneCall({ call }: { call: Call }): JSX.Element {
  const waits = !call.closed_at && !call.by_us;
  const due = openMatters.value.find((matter) => matter.subject === call.act);
  const loud = waits && (call.kind === "stop_call" || call.kind === "incursion_warning");
  return (
    <article class={`item ${loud ? "alarm" : waits ? "warn" : ""}`}>
      <div class="row">
        <h3 class="grow">
          {t("calls.from_to", {
            what: named("call", call.kind),
            from: call.by_us ? t("ui.us") : peerName(call.peer),
            to: call.by_us ? peerName(call.peer) : t("ui.us"),
          })}
        </h3>
        {call.data_mode !== "REAL" && <Tag tone="warn">{call.data_mode}</Tag>}
        {due?.next_climb_at && <Countdown to={due.next_climb_at} />}
        {due && due.level !== "duty_officer" && <span class="quiet">{t("matter.level", { level: t(`role.${due.level}`) })}</span>}
        <span class="ltr quiet">{formatUtc(call.at, now.value, true)}</span>
        {call.closed_at ? <Tag tone="none">{closedAs(call)}</Tag> : <Tag tone={loud ? "alarm" : "warn"}>{t("calls.waits")}</Tag>}
      </div>
      {call.centre && (
        <p class="ltr">
          {formatPosition(call.centre)} · {formatLength_m(call.radius_m ?? 0)}
          {call.entry_at && ` · ${formatUtc(call.entry_at, now.value, true)}`}
        </p>
      )}
      {call.words && call.kind !== "line_check" && <p dir="auto" class="grow">{call.words}</p>}
      {call.words && call.kind === "line_check" && (
        <p>
          <span class="quiet">{t("line.challenge")}:</span> <strong class="mono ltr">{call.words}</strong>
        </p>
      )}
      {call.notice && <a href={`#/notices/${call.notice}`}>{t("calls.notice")}</a>}
      {call.answers.map((answer) => (
        <p key={answer.act}>
          <span class="ltr quiet">{formatUtc(answer.at, now.value, true)}</span>{" "}
          <strong>{answer.by_us ? t("ui.us") : peerName(call.peer)}</strong>: <bdi>{word(answer.answer)}</bdi>
        </p>
      ))}
      {!call.closed_at && (call.by_us ? <EndCall call={call} /> : <AnswerCall call={call} />)}
    </article>
  );
}

function closedAs(call: Call): string {
  switch (call.closed_as) {
    case "answered":
    case "unanswered":
    case "missed":
      return t(`calls.${call.closed_as}`);
    default:
      return call.closed_as?.replaceAll("_", " ") ?? t("calls.closed_one");
  }
}

function EndCall({ call }: { call: Call }): JSX.Element | null {
  const task = useTask();
  const end = (kind: "end_stop_call_unanswered" | "end_incursion_warning" | "end_incursion_warning_unanswered"): void =>
    void task.run(() => act({ act: kind, answers: call.id }));
  if (call.kind === "stop_call") {
    return (
      <div class="row">
        <Guarded
          label={t("calls.end_unanswered")}
          armedLabel={t("calls.end_unanswered_now")}
          busy={task.busy}
          disabled={!mayDo("end_stop_call_unanswered")}
          onFire={() => end("end_stop_call_unanswered")}
        />
        <ErrorText error={task.error} />
      </div>
    );
  }
  if (call.kind !== "incursion_warning") return null;
  return (
    <div class="row">
      <button type="button" disabled={task.busy || !mayDo("end_incursion_warning")} onClick={() => end("end_incursion_warning")}>
        {t("calls.they_turned")}
      </button>
      <Guarded
        label={t("calls.end_unanswered")}
        armedLabel={t("calls.end_unanswered_now")}
        busy={task.busy}
        disabled={!mayDo("end_incursion_warning_unanswered")}
        onFire={() => end("end_incursion_warning_unanswered")}
      />
      <ErrorText error={task.error} />
    </div>
  );
}

const stopAnswers = ["stopping", "stopped", "cannot", "not_ours"] as const;
const turnAnswers = ["turning", "cannot", "not_ours"] as const;
const clearAnswers = ["yes", "no", "need_time"] as const;
const waits_s = ["30", "60", "120"];

function AnswerCall({ call }: { call: Call }): JSX.Element | null {
  const task = useTask();
  const answers = call.id;
  if (call.kind === "line_check") return <AnswerCheck call={call} />;
  const buttons = (names: readonly string[], give: (name: string) => Promise<unknown>): JSX.Element => (
    <>
      {names.map((name) => (
        <button key={name} type="button" class="primary" disabled={task.busy} onClick={() => void task.run(() => give(name))}>
          {word(name)}
        </button>
      ))}
    </>
  );
  const waits = (give: (wait_s: number) => Promise<unknown>): JSX.Element => (
    <>
      {waits_s.map((s) => (
        <button key={s} type="button" disabled={task.busy} onClick={() => void task.run(() => give(Number(s)))}>
          {word("wait")} {s} s
        </button>
      ))}
    </>
  );
  return (
    <div class="row tight" role="group" aria-label={t("calls.answer")}>
      {call.kind === "stop_call" && mayDo("answer_stop_call") && (
        <>
          {buttons(stopAnswers, (answer) => act({ act: "answer_stop_call", answers, answer: answer as (typeof stopAnswers)[number] }))}
          {waits((wait_s) => act({ act: "answer_stop_call", answers, answer: "wait", wait_s }))}
        </>
      )}
      {call.kind === "incursion_warning" && mayDo("answer_incursion_warning") && (
        <>
          {buttons(turnAnswers, (answer) =>
            act({ act: "answer_incursion_warning", answers, answer: answer as (typeof turnAnswers)[number] }),
          )}
          {waits((wait_s) => act({ act: "answer_incursion_warning", answers, answer: "wait", wait_s }))}
        </>
      )}
      {call.kind === "ask_keep_clear" && mayDo("answer_keep_clear") &&
        buttons(clearAnswers, (answer) => act({ act: "answer_keep_clear", answers, answer: answer as (typeof clearAnswers)[number] }))}
      {call.kind === "all_clear" && call.notice && <a class="button" href={`#/notices/${call.notice}/readback/${call.act}`}>{t("notices.read_back")}</a>}
      <ErrorText error={task.error} />
    </div>
  );
}

function AnswerCheck({ call }: { call: Call }): JSX.Element {
  const [heard, setHeard] = useState("");
  const task = useTask();
  return (
    <form
      class="row"
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(() => act({ act: "answer_line_check", answers: call.id, word: heard }));
      }}
    >
      <Field label={t("calls.word_heard")} value={heard} onInput={setHeard} />
      <button class="primary" disabled={!heard || task.busy || !mayDo("answer_line_check")}>
        {t("calls.answer_check")}
      </button>
      <ErrorText error={task.error} />
    </form>
  );
}

function PolicyText(): JSX.Element {
  const [text, setText] = useState("");
  const [mode, setMode] = useState("closed");
  const task = useTask();
  return (
    <section class="panel stack tight" aria-label={t("calls.policy_text")}>
      <Choices
        label={t("calls.policy_text")}
        value={mode}
        onChange={setMode}
        choices={[
          { value: "closed", label: t("calls.policy_closed") },
          { value: "write", label: t("calls.policy_write") },
        ]}
      />
      {mode === "write" && (
        <form
          class="stack tight"
          onSubmit={(event) => {
            event.preventDefault();
            void task.run(() => act({ act: "send_policy_text", text })).then((done) => done && setText(""));
          }}
        >
          <Field label={t("calls.text")} value={text} onInput={setText} lines={3} hint={t("calls.text_hint")} />
          <div class="row">
            <button class="primary" disabled={!text || task.busy || !mayDo("send_policy_text")}>
              {t("calls.send_text")}
            </button>
          </div>
          <ErrorText error={task.error} />
        </form>
      )}
    </section>
  );
}
