// The few parts that every page is made of.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/client.ts";
import type { TextKey } from "../i18n/en.ts";
import { t } from "../i18n/text.ts";
import { now } from "../state/clock.ts";
import { formatSpan } from "../units/time.ts";

export type Tone = "good" | "warn" | "alarm" | "none" | "";
const shapes: Record<Tone, string> = { good: "✓", warn: "▲", alarm: "■", none: "–", "": "" };

export function Tag({ tone = "", children }: { tone?: Tone; children: ComponentChildren }): JSX.Element {
  return (
    <span class={`tag ${tone}`}>
      {shapes[tone] && <span aria-hidden="true">{shapes[tone]}</span>}
      {children}
    </span>
  );
}

interface FieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string | undefined;
  // Examples of what may be typed, behind the hint: codes and numbers.
  forms?: string;
  error?: string | undefined;
  type?: "text" | "password";
  autocomplete?: string;
  lines?: number | undefined;
  name?: string;
  required?: boolean;
  autofocus?: boolean;
}

// Text that a person types. Codes and numbers run from left to right in every language.
export function Field(props: FieldProps): JSX.Element {
  const id = useId();
  const own = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  useEffect(() => {
    if (props.autofocus) own.current?.focus();
  }, []);
  const common = {
    id,
    ref: own,
    name: props.name,
    value: props.value,
    required: props.required,
    dir: "auto" as const,
    autocomplete: (props.autocomplete ?? "off") as "off",
    spellcheck: false,
    "aria-invalid": props.error ? ("true" as const) : undefined,
    "aria-describedby": `${id}-d`,
    "data-autofocus": props.autofocus ? "" : undefined,
    onInput: (event: Event) => props.onInput((event.currentTarget as HTMLInputElement).value),
  };
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      {props.lines ? (
        <textarea rows={props.lines} {...common} />
      ) : props.type === "password" ? (
        <input type="password" {...common} />
      ) : (
        <input type="text" {...common} />
      )}
      <span id={`${id}-d`} role={props.error ? "alert" : undefined} class={props.error ? "error" : "hint"} dir="auto">
        {props.error ?? props.hint}
        {!props.error && props.forms && <span class="ltr"> {props.forms}</span>}
      </span>
    </div>
  );
}

export interface Choice {
  value: string;
  label: string;
}

export function Select(props: {
  label: string;
  value: string;
  choices: readonly Choice[];
  onChange: (value: string) => void;
}): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  );
}

// One of a few, all in sight.
export function Choices(props: {
  label: string;
  value: string;
  choices: readonly Choice[];
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <div class="field" role="group" aria-label={props.label}>
      <span class="label">{props.label}</span>
      <div class="choices">
        {props.choices.map((choice) => (
          <button
            key={choice.value}
            type="button"
            aria-pressed={choice.value === props.value}
            onClick={() => props.onChange(choice.value)}
          >
            {choice.label}
          </button>
        ))}
      </div>
    </div>
  );
}

export function Dialog(props: {
  title: string;
  onClose: () => void;
  loud?: boolean;
  // Nothing behind it may be seen.
  opaque?: boolean;
  children: ComponentChildren;
}): JSX.Element {
  const own = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    own.current?.showModal();
    // The browser has put the focus on what comes first, which is the button that closes.
    own.current?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={own}
      class={props.loud ? "loud" : props.opaque ? "opaque" : ""}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
    >
      <div class="stack">
        <div class="row">
          <h1 id={id} class="grow">
            {props.title}
          </h1>
          <button type="button" class="plain" onClick={props.onClose}>
            {t("ui.close")} <kbd>Esc</kbd>
          </button>
        </div>
        {props.children}
      </div>
    </dialog>
  );
}

const armed_ms = 10_000;

// What must not happen by a slip: the first press lifts the cover, the second does it. The cover falls by itself.
export function Guarded(props: {
  label: string;
  armedLabel: string;
  busy?: boolean;
  disabled?: boolean;
  onFire: () => void;
}): JSX.Element {
  const [armed, setArmed] = useState(false);
  useEffect(() => {
    if (!armed) return undefined;
    const timer = setTimeout(() => setArmed(false), armed_ms);
    return () => clearTimeout(timer);
  }, [armed]);
  return (
    <button
      type="button"
      class={armed ? "armed" : "danger"}
      disabled={props.disabled || props.busy}
      onClick={() => {
        if (armed) props.onFire();
        setArmed(!armed);
      }}
    >
      {props.busy ? t("ui.sending") : armed ? props.armedLabel : props.label}
    </button>
  );
}

// Where in a request the node found something, by the label that stands at it.
const fieldLabels: Record<string, TextKey> = {
  "/centre": "field.centre", "/extent": "field.extent", "/altitude_lower": "field.lower", "/altitude_upper": "field.upper",
  "/time_start": "field.start", "/time_end": "field.end", "/data_mode": "field.mode",
};
const labelled = (text: string): string => text.replace(/\/[a-z_]+(?=:|$)/g, (field) => (fieldLabels[field] ? t(fieldLabels[field]) : field));

export function describeError(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.isLost) return t("error.unreachable");
  const where = error.field ? `${labelled(error.field)}: ` : "";
  return `${where}${error.rule}${error.found ? ` — ${labelled(error.found)}` : ""}`;
}

export function ErrorText({ error }: { error: unknown }): JSX.Element | null {
  if (error === null || error === undefined) return null;
  return (
    <p class="item alarm" role="alert">
      <span dir="auto">{describeError(error)}</span>
    </p>
  );
}

export interface Task {
  run: (work: () => Promise<unknown>) => Promise<boolean>;
  busy: boolean;
  error: unknown;
  // What went wrong is answered by something else that the person did.
  forget: () => void;
}

// One thing at a time: what a button has begun, and how it ended.
export function useTask(): Task {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (failure) {
      setError(failure);
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { run, busy, error, forget: () => setError(null) };
}

// The time left until a moment, or gone since.
export function Countdown({ to, label }: { to: string; label?: string }): JSX.Element {
  const left_ms = Date.parse(to) - now.value;
  return (
    <span class={`countdown ${left_ms < 0 ? "over" : ""}`}>
      {label && <span class="quiet">{label} </span>}
      <span class="ltr">
        {left_ms < 0 ? "+" : ""}
        {formatSpan(left_ms)}
      </span>
      {left_ms < 0 && <span> {t("ui.overdue")}</span>}
    </span>
  );
}

export function Empty({ children }: { children: ComponentChildren }): JSX.Element {
  return <p class="quiet">{children}</p>;
}

// What a colour and a pattern of line mean.
export function Key({ name, label }: { name: string; label: string }): JSX.Element {
  return (
    <span class="row tight">
      <svg class="key" viewBox="0 0 16 12" aria-hidden="true"><rect class={name} x="1" y="1" width="14" height="10" /></svg>
      {label}
    </span>
  );
}
