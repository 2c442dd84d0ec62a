// Handing over the watch: the note for the next officer, and the note of the one before.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Handover } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { now } from "../state/clock.ts";
import { acknowledge, atSignIn, giveHandover, handover, noteForMe } from "../state/handover.ts";
import { mayDo } from "../state/session.ts";
import { Dialog, Empty, ErrorText, Field, Tag, useTask } from "../ui/parts.tsx";
import { formatLocal, formatUtc } from "../units/time.ts";

function Note({ note }: { note: Handover }): JSX.Element {
  return (
    <div class="stack tight">
      <p class="row tight">
        <strong>{t("handover.number", { n: note.number })}</strong>
        <span class="ltr">{formatUtc(note.at, now.value)}</span>
        <span class="quiet ltr">{formatLocal(note.at)}</span>
        <span class="mono ltr quiet">{note.key.slice(0, 16)}</span>
      </p>
      <p class="item note" dir="auto">{note.text}</p>
      <p>{t("handover.open_then", note.open)}</p>
    </div>
  );
}

// Over everything, once for each note: whoever takes the watch begins with it. Later is possible; then it stays above
// every page.
const put_off = new Set<number>();

export function HandoverDialog(): JSX.Element | null {
  const [, redraw] = useState(0);
  const task = useTask();
  const note = noteForMe.value;
  if (!note || note.number !== atSignIn.value || put_off.has(note.number)) return null;
  return (
    <Dialog
      title={t("handover.title")}
      onClose={() => {
        put_off.add(note.number);
        redraw((n) => n + 1);
      }}
    >
      <Note note={note} />
      <div class="row">
        <button type="button" class="primary" disabled={task.busy} onClick={() => void task.run(() => acknowledge(note.number))}>
          {t("handover.acknowledge")}
        </button>
      </div>
      <ErrorText error={task.error} />
    </Dialog>
  );
}

export function HandoverBanner(): JSX.Element | null {
  const note = noteForMe.value;
  if (!note) return null;
  return (
    <div class="banner warn" role="status">
      <span class="grow">
        ▲ {t("handover.for_you")} ({t("handover.number", { n: note.number })})
      </span>
      <a class="button" href="#/operators">{t("ui.look")}</a>
    </div>
  );
}

export function HandoverPanel(): JSX.Element {
  const [text, setText] = useState("");
  const task = useTask();
  const note = handover.value;
  return (
    <section class="panel stack tight" aria-label={t("handover.title")}>
      <h2>{t("handover.title")}</h2>
      {note ? <Note note={note} /> : <Empty>{t("handover.none")}</Empty>}
      {note && (
        <div class="row">
          {note.acknowledged_at ? (
            <Tag tone="good">{t("handover.acknowledged")} <span class="ltr">{formatUtc(note.acknowledged_at, now.value)}</span></Tag>
          ) : (
            <Tag tone="warn">{t("handover.waits")}</Tag>
          )}
          {noteForMe.value && (
            <button type="button" class="primary" disabled={task.busy} onClick={() => void task.run(() => acknowledge(note.number))}>
              {t("handover.acknowledge")}
            </button>
          )}
        </div>
      )}
      {mayDo("hand_over") && (
        <form
          class="stack tight"
          onSubmit={(event) => {
            event.preventDefault();
            void task.run(() => giveHandover(text)).then((done) => done && setText(""));
          }}
        >
          <Field label={t("handover.text")} lines={4} value={text} onInput={setText} hint={t("handover.hint")} />
          <div class="row">
            <button class="primary" disabled={!text.trim() || task.busy}>{t("handover.give")}</button>
          </div>
        </form>
      )}
      <ErrorText error={task.error} />
    </section>
  );
}
