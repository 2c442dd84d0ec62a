// Signing in: the whole page at first, a dialog over everything when a session has ended in the middle of something.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ApiError } from "../api/client.ts";
import { languages, nameOfLanguage } from "../i18n/languages.ts";
import { t } from "../i18n/text.ts";
import { me, signIn } from "../state/session.ts";
import { set, settings } from "../state/settings.ts";
import { Dialog, ErrorText, Field, useTask } from "./parts.tsx";

function Form(): JSX.Element {
  const [name, setName] = useState(me.value?.name ?? "");
  const [password, setPassword] = useState("");
  const task = useTask();
  const wrong = task.error instanceof ApiError && task.error.status === 401;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void task.run(() => signIn(name, password)).then((done) => done || setPassword(""));
      }}
    >
      <Field label={t("signin.name")} name="username" autocomplete="username" value={name} onInput={setName} autofocus={!name} required />
      <Field
        label={t("signin.password")}
        name="password"
        type="password"
        autocomplete="current-password"
        value={password}
        onInput={setPassword}
        autofocus={name !== ""}
        error={wrong ? t("signin.wrong") : undefined}
        required
      />
      {!wrong && <ErrorText error={task.error} />}
      <button class="primary" disabled={task.busy || !name || !password}>
        {task.busy ? t("ui.sending") : t("signin.go")}
      </button>
    </form>
  );
}

export function SignInPage(): JSX.Element {
  return (
    <main class="signin">
      <div class="panel stack">
        <h1>Wideberth</h1>
        <Form />
        <LanguageChoice />
      </div>
    </main>
  );
}

export function SignInAgain(): JSX.Element {
  return (
    <Dialog title={t("signin.over")} onClose={() => undefined}>
      <p>{t("signin.over_help")}</p>
      <Form />
    </Dialog>
  );
}

export function LanguageChoice(): JSX.Element {
  return (
    <div class="field">
      <label for="language">{t("settings.language")}</label>
      <select
        id="language"
        value={settings.value.language}
        onChange={(event) => set({ language: event.currentTarget.value as typeof settings.value.language })}
      >
        {languages.map((language) => (
          <option key={language} value={language} lang={language}>
            {nameOfLanguage[language]}
          </option>
        ))}
      </select>
    </div>
  );
}
