// Each line in full: paths, heartbeats, clock, checks, lanes, and what a person does about it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api } from "../api/client.ts";
import type { Line } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { act } from "../state/acts.ts";
import { now } from "../state/clock.ts";
import { lines, refreshLines } from "../state/picture.ts";
import { mayDo } from "../state/session.ts";
import { Countdown, Empty, ErrorText, Field, Guarded, Tag, useTask } from "../ui/parts.tsx";
import { formatLocal, formatUtc } from "../units/time.ts";
import { ExercisePanel } from "./exercise.tsx";
import { ConfirmPeerKeys, DeadManPanel, OwnKeysPanel } from "./keys.tsx";
import { peerName, toneOf } from "./linestate.tsx";

export function LinePage(): JSX.Element {
  return (
    <div class="stack">
      <h1>{t("page.line")}</h1>
      {lines.value.length === 0 && <Empty>{t("line.none")}</Empty>}
      {lines.value.map((line) => (
        <OneLine key={line.peer.id} line={line} />
      ))}
      <DeadManPanel />
      <OwnKeysPanel />
    </div>
  );
}

const seconds = (ms: number | undefined, digits = 1): string => (ms === undefined ? "—" : `${(ms / 1000).toFixed(digits)} s`);

function OneLine({ line }: { line: Line }): JSX.Element {
  const tone = { up: "good", warn: "warn", lost: "alarm" } as const;
  const behind = (line.own_size ?? 0) - (line.acknowledged ?? 0);
  return (
    <section class="panel stack" aria-label={peerName(line.peer)}>
      <header class="row">
        <h2>{peerName(line.peer)}</h2>
        <Tag tone={tone[toneOf[line.state]]}>{t(`line.${line.state}`)}</Tag>
        {line.policy_suspended?.by_us && <Tag tone="warn">{t("line.suspended_by_us")}</Tag>}
        {line.policy_suspended?.by_peer && <Tag tone="warn">{t("line.suspended_by_peer")}</Tag>}
        {line.old_copy && <Tag tone="alarm">{t(line.old_copy.this_line_only ? "old_copy.line_tag" : "old_copy.tag")}</Tag>}
        {line.clock_alarm && <Tag tone="alarm">{t("line.clock_alarm")}</Tag>}
      </header>
      {line.state === "lost" && <Lost />}
      <div class="fields wide">
        <dl class="facts">
          <dt>{t("line.echo")}</dt>
          <dd class="ltr">{seconds(line.echo_age_ms)}</dd>
          <dt>{t("line.clock_offset")}</dt>
          <dd class="ltr">
            {line.clock_offset_ms === undefined
              ? "—"
              : `${line.clock_offset_ms.toFixed(1)} ms ± ${(line.clock_error_ms ?? 0).toFixed(1)} ms`}
          </dd>
          <dt>{t("line.safety_lane")}</dt>
          <dd>{t("line.always_open")}</dd>
          <dt>{t("line.policy_lane")}</dt>
          <dd>
            {line.policy_suspended?.by_us || line.policy_suspended?.by_peer ? t("line.suspended") : t("line.open")}
          </dd>
        </dl>
        <dl class="facts">
          <dt>{t("line.next_check")}</dt>
          <dd>{line.next_line_check ? <Due at={line.next_line_check} /> : "—"}</dd>
          <dt>{t("line.next_check_peer")}</dt>
          <dd>{line.next_line_check_of_peer ? <Due at={line.next_line_check_of_peer} /> : "—"}</dd>
          <dt>{t("line.records")}</dt>
          <dd>
            <span class="ltr">{`${line.acknowledged ?? 0} / ${line.own_size ?? 0}`}</span>{" "}
            {line.in_step ? <Tag tone="good">{t("line.in_step")}</Tag> : <Tag tone="warn">{t("line.behind", { n: behind })}</Tag>}
          </dd>
          <dt>{t("line.fingerprint")}</dt>
          <dd class="mono ltr">{line.fingerprint}</dd>
        </dl>
      </div>
      <ConfirmPeerKeys line={line} />
      <Paths line={line} />
      <Acts line={line} />
      <ExercisePanel line={line} />
    </section>
  );
}

function Lost(): JSX.Element {
  return (
    <div class="item alarm">
      <h3>{t("line.lost_holds")}</h3>
      <ul class="stack tight">
        <li>• {t("line.lost_1")}</li>
        <li>• {t("line.lost_2")}</li>
        <li>• {t("line.lost_3")}</li>
        <li>• {t("line.lost_4")}</li>
      </ul>
    </div>
  );
}

function Due({ at }: { at: string }): JSX.Element {
  return (
    <>
      <span class="ltr">{formatUtc(at, now.value)}</span> <span class="quiet ltr">({formatLocal(at)})</span> <Countdown to={at} />
    </>
  );
}

function Paths({ line }: { line: Line }): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <caption class="vh">{t("line.paths")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("line.path")}</th>
            <th scope="col">{t("line.state")}</th>
            <th scope="col">{t("line.since")}</th>
            <th scope="col">{t("line.address")}</th>
            <th scope="col" class="num">{t("line.frames")}</th>
            <th scope="col">{t("line.last_error")}</th>
          </tr>
        </thead>
        <tbody>
          {line.paths.map((path) => (
            <tr key={path.name}>
              <th scope="row" class="ltr">{path.name}</th>
              <td>{path.up ? <Tag tone="good">{t("line.up")}</Tag> : <Tag tone="alarm">{t("line.down")}</Tag>}</td>
              <td class="ltr">{formatUtc(path.since, now.value)}</td>
              <td class="ltr">{path.remote_address ?? "—"}</td>
              <td class="num ltr">{`↑${path.frames_sent} ↓${path.frames_received}`}</td>
              <td dir="auto">{path.up ? "" : path.last_error}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Acts({ line }: { line: Line }): JSX.Element {
  const [word, setWord] = useState("");
  const task = useTask();
  const peer = line.peer.id;
  const post = (what: string): void =>
    void task.run(() => api.post(`/v1/lines/${peer}/${what}`).then(refreshLines));
  return (
    <div class="stack tight">
      <div class="row">
        <Field label={t("line.challenge")} value={word} onInput={setWord} hint={t("line.challenge_hint")} />
        <button
          type="button"
          disabled={!word || task.busy || !mayDo("line_check")}
          onClick={() => void task.run(() => act({ act: "line_check", word, to: peer }).then(() => setWord("")))}
        >
          {t("line.check_now")}
        </button>
        {line.state === "recovering" && (
          <button
            type="button"
            class="primary"
            disabled={task.busy || !line.in_step || !mayDo("confirm_recovery")}
            onClick={() => post("confirm")}
          >
            {t("line.confirm")}
          </button>
        )}
        {line.policy_suspended?.by_us ? (
          <button type="button" disabled={task.busy || !mayDo("resume_policy_lane")} onClick={() => post("resume")}>
            {t("line.resume")}
          </button>
        ) : (
          <Guarded
            label={t("line.suspend")}
            armedLabel={t("line.suspend_now")}
            busy={task.busy}
            disabled={!mayDo("suspend_policy_lane")}
            onFire={() => post("suspend")}
          />
        )}
      </div>
      <ErrorText error={task.error} />
    </div>
  );
}
