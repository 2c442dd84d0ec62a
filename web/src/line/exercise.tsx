// Exercises (MECHANISM 2.4): a window that both sides open, said everywhere while it is open, ended by anything real.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Line } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { act } from "../state/acts.ts";
import { now, nodeNow } from "../state/clock.ts";
import { lines, refreshLines } from "../state/picture.ts";
import { mayDo } from "../state/session.ts";
import { ErrorText, Field, Guarded, Tag, useTask } from "../ui/parts.tsx";
import { formatUtc, parseTime } from "../units/time.ts";
import { peerName } from "./linestate.tsx";

// In the frame of every page: nobody may take a drill for the real thing, nor the other way.
export function ExerciseBanner(): JSX.Element {
  return (
    <>
      {lines.value.filter((line) => line.exercise?.open).map((line) => (
        <div key={line.peer.id} class="banner exercise" role="status">
          <span class="grow">
            ◆ {t("exercise.open_with", { peer: peerName(line.peer) })}{" "}
            <span class="ltr">{line.exercise?.window && `${formatUtc(line.exercise.window.from, now.value)} → ${formatUtc(line.exercise.window.to, now.value)}`}</span>
          </span>
        </div>
      ))}
    </>
  );
}

export function ExercisePanel({ line }: { line: Line }): JSX.Element {
  const [from, setFrom] = useState("+0");
  const [to, setTo] = useState("+120");
  const task = useTask();
  const start = parseTime(from, nodeNow());
  const end = parseTime(to, nodeNow());
  const { exercise } = line;
  const peer = line.peer.id;
  const done = (work: Promise<unknown>): Promise<void> => work.then(refreshLines);
  const span = (window: { from: string; to: string }): JSX.Element => <span class="ltr">{`${formatUtc(window.from, now.value)} → ${formatUtc(window.to, now.value)}`}</span>;
  const theirs = exercise?.open ? undefined : exercise?.theirs;
  return (
    <section class="stack tight" aria-label={t("exercise.title")}>
      <h3>{t("exercise.title")}</h3>
      <div class="row">
        {exercise?.open ? <Tag tone="warn">{t("exercise.open")}</Tag> : <Tag tone="none">{t("exercise.closed")}</Tag>}
        {exercise?.window && span(exercise.window)}
        {!exercise?.open && exercise?.ours && <Tag>{t("exercise.ours")} {span(exercise.ours)}</Tag>}
        {theirs && <Tag tone="warn">{t("exercise.theirs")} {span(theirs)}</Tag>}
        {theirs && (
          <button type="button" class="primary" disabled={task.busy || !mayDo("open_exercise")} onClick={() => void task.run(() => done(act({ act: "open_exercise", from: theirs.from, to: theirs.to, answers: theirs.id, peer })))}>
            {t("exercise.agree")}
          </button>
        )}
        {(exercise?.open || exercise?.ours || theirs) && (
          <Guarded label={t("exercise.close")} armedLabel={t("exercise.close_now")} busy={task.busy} disabled={!mayDo("close_exercise")} onFire={() => void task.run(() => done(act({ act: "close_exercise", peer })))} />
        )}
      </div>
      {!exercise?.open && mayDo("open_exercise") && (
        <form
          class="row"
          onSubmit={(event) => {
            event.preventDefault();
            if (start.ok && end.ok) void task.run(() => done(act({ act: "open_exercise", from: start.value, to: end.value, peer })));
          }}
        >
          <Field label={t("field.start")} value={from} onInput={setFrom} error={start.ok ? undefined : t(start.rule)} hint={start.ok ? formatUtc(start.value, now.value) : undefined} />
          <Field label={t("field.end")} value={to} onInput={setTo} error={end.ok ? undefined : t(end.rule)} hint={end.ok ? formatUtc(end.value, now.value) : undefined} />
          <button disabled={!start.ok || !end.ok || task.busy}>{t("exercise.propose")}</button>
        </form>
      )}
      <ErrorText error={task.error} />
    </section>
  );
}
