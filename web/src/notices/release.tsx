// From draft to release: a second person enters the values from their own plot, then somebody else releases. Or the notice
// was made from a held plan and is compared with that; or it is a plan that stays here until it is declared.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api/client.ts";
import type { Notice } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { act, check, checkAsSecond, keep, newId } from "../state/acts.ts";
import { nodeNow } from "../state/clock.ts";
import { go } from "../state/route.ts";
import { mayDo, me } from "../state/session.ts";
import { Choices, Dialog, ErrorText, Field, Tag, useTask } from "../ui/parts.tsx";
import { emptyEntry, type Entry, EntryFields, readingOf } from "./reading.tsx";

export function ReleasePanel({ notice }: { notice: Notice }): JSX.Element {
  return notice.latest.disclosure === "held" ? <HeldPlan notice={notice} /> : <DraftRelease notice={notice} />;
}

function DraftRelease({ notice }: { notice: Notice }): JSX.Element {
  const [checking, setChecking] = useState(false);
  // Of this very version: a draft that was changed has to be entered again.
  const [checked, setChecked] = useState("");
  // What was entered stays while the dialog is closed to look again; the password does not.
  const [entry, setEntry] = useState(emptyEntry);
  const task = useTask();
  const release = (): void =>
    void task.run(() => act({ act: "release", notice: notice.id, check: "second_entry" })).then((done) => done && go("notices", notice.id));
  return (
    <section class="panel stack" aria-label={t("release.title")}>
      <h2>{t("release.title")}</h2>
      <p>{t("release.help")}</p>
      <div class="row">
        {checked === notice.latest.digest ? (
          <Tag tone="good">{t("release.checked")}</Tag>
        ) : (
          <button type="button" class="primary" disabled={!mayDo("enter_release_check")} onClick={() => setChecking(true)}>
            {t("release.second")}
          </button>
        )}
        <button type="button" class={checked === notice.latest.digest ? "primary" : ""} disabled={task.busy || !mayDo("release")} onClick={release}>
          {task.busy ? t("ui.sending") : t("release.go")}
        </button>
      </div>
      <ErrorText error={task.error} />
      {checking && (
        <SecondPerson
          notice={notice}
          entry={entry}
          change={(part) => setEntry((old) => ({ ...old, ...part }))}
          onClose={(done) => {
            setChecking(false);
            if (done) setChecked(notice.latest.digest);
          }}
        />
      )}
    </section>
  );
}

// Over the whole screen, so that none of the notice's values is in sight.
function SecondPerson(props: { notice: Notice; entry: Entry; change: (part: Partial<Entry>) => void; onClose: (done: boolean) => void }): JSX.Element {
  const { notice, entry, change, onClose } = props;
  const [who, setWho] = useState<"here" | "me">("here");
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const task = useTask();
  const reading = readingOf(entry, nodeNow());
  const send = async (): Promise<void> => {
    if (!reading) return;
    const done = await task.run(() => (who === "me" ? check(notice.id, reading) : checkAsSecond(notice.id, reading, name, password)));
    if (done) onClose(true);
  };
  const differs = task.error instanceof ApiError && task.error.status === 409;
  return (
    <Dialog title={t("release.second")} opaque onClose={() => onClose(false)}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p>{t("release.second_help")}</p>
        <Choices
          label={t("release.who")}
          value={who}
          onChange={(value) => setWho(value as "here" | "me")}
          choices={[
            { value: "here", label: t("release.who_here") },
            { value: "me", label: t("release.who_me") },
          ]}
        />
        {who === "here" && (
          <div class="fields">
            <Field label={t("signin.name")} value={name} onInput={setName} hint={t("release.who_other", { name: me.value?.name ?? "" })} autofocus />
            <Field label={t("signin.password")} type="password" value={password} onInput={setPassword} />
          </div>
        )}
        <EntryFields entry={entry} change={change} keepsFocus={who === "here"} />
        {differs && <strong>{t("readback.mismatch")}</strong>}
        <ErrorText error={task.error} />
        <div class="row">
          <button class="primary" disabled={!reading || task.busy || (who === "here" && (!name || !password))}>
            {task.busy ? t("ui.sending") : t("readback.compare")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

// What a held plan can become (MECHANISM 2.3): a notice of its own with the same content, compared with the plan.
function HeldPlan({ notice }: { notice: Notice }): JSX.Element {
  const task = useTask();
  const declare = async (): Promise<void> => {
    const declaration = notice.latest.declaration;
    if (!declaration) return;
    const id = newId();
    const done = await task.run(async () => {
      await keep(id, declaration);
      await act({ act: "release", notice: id, check: "held_plan", from_plan: notice.id });
    });
    if (done) go("notices", id);
  };
  return (
    <section class="panel stack" aria-label={t("release.held_title")}>
      <h2>{t("release.held_title")}</h2>
      <p>{t("release.held_help")}</p>
      <div class="row">
        <button type="button" class="primary" disabled={task.busy || !mayDo("release")} onClick={() => void declare()}>
          {t("release.declare")}
        </button>
      </div>
      <ErrorText error={task.error} />
    </section>
  );
}
