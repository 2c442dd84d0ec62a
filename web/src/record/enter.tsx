// Entering what was dealt with outside the software: this side's own account of a call or meeting, and minutes for both
// sides to sign. Each side enters its own account; what they differ in is compared beside it (exchanges.tsx).
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Account, Exchange } from "../api/types.ts";
import { languages as interfaceLanguages } from "../i18n/languages.ts";
import { named, shown, t, word } from "../i18n/text.ts";
import { peerName } from "../line/linestate.tsx";
import { act, newId } from "../state/acts.ts";
import { nodeNow } from "../state/clock.ts";
import { lines } from "../state/picture.ts";
import { mayDo } from "../state/session.ts";
import { Choices, ErrorText, Field, Select, useTask } from "../ui/parts.tsx";
import { parseTime } from "../units/time.ts";

const levels = ["duty", "cell", "deputy", "principal"] as const;
const channels = ["voice", "meeting", "diplomatic", "data"] as const;
const forms = ["unscheduled", "scheduled"] as const;
const initiators = ["self", "peer", "both", "not_stated"] as const;
const subject = /^[a-z][a-z0-9_]{0,31}$/;
const minutes_max = 43_200;

interface Typed {
  level: Account["level"];
  channel: Account["channel"];
  form: Account["form"];
  initiated_by: Account["initiated_by"];
  held: string;
  scheduled: string;
  subjects: string;
  area: string;
  starts: string;
  lead_min: string;
}

// What is left empty is not said: it is compared with nothing.
function accountOf(typed: Typed, exchange: string): { account: Account | null; errors: Partial<Record<keyof Typed, string>> } {
  const errors: Partial<Record<keyof Typed, string>> = {};
  const time = (field: "held" | "scheduled" | "starts"): string | undefined => {
    if (!typed[field].trim()) return undefined;
    const parsed = parseTime(typed[field], nodeNow());
    if (!parsed.ok) errors[field] = t(parsed.rule);
    return parsed.ok ? parsed.value : undefined;
  };
  const [held_at, scheduled_at, starts_at] = [time("held"), typed.form === "scheduled" ? time("scheduled") : undefined, time("starts")];
  const subjects = typed.subjects.toLowerCase().split(/[\s,]+/).filter(Boolean);
  if (!subjects.every((each) => subject.test(each)) || new Set(subjects).size !== subjects.length) errors.subjects = t("exchange.subjects_hint");
  const lead = typed.lead_min.trim();
  const lead_time_min_s = Math.round(Number(lead) * 60);
  if (lead && !(Math.abs(Number(lead)) <= minutes_max)) errors.lead_min = t("exchange.lead_hint");
  // One of the two tells when it was.
  const dated = typed.form === "scheduled" ? scheduled_at : held_at;
  if (!dated || Object.keys(errors).length > 0) return { account: null, errors };
  const { level, channel, form, initiated_by } = typed;
  return {
    errors,
    account: {
      exchange, level, channel, form, initiated_by, subjects,
      ...(held_at ? { held_at } : {}),
      ...(scheduled_at ? { scheduled_at } : {}),
      ...(starts_at ? { starts_at } : {}),
      ...(typed.area.trim() ? { area: typed.area.trim() } : {}),
      ...(lead ? { lead_time_min_s, lead_time_max_s: lead_time_min_s } : {}),
    },
  };
}

// `exchange`: the one that the other side has entered already; nothing is taken over from what it said. `done` has the id of what was entered.
export function EnterAccount({ exchange, done }: { exchange?: Exchange; done: (id: string) => void }): JSX.Element | null {
  const [id] = useState(exchange?.id ?? newId());
  const [typed, setTyped] = useState<Typed>({
    level: "duty", channel: "voice", form: "unscheduled", initiated_by: "not_stated",
    held: "", scheduled: "", subjects: "", area: "", starts: "", lead_min: "",
  });
  const [to, setTo] = useState(exchange?.peer.id ?? (lines.value.length === 1 ? lines.value[0]!.peer.id : ""));
  const task = useTask();
  if (!mayDo("enter_exchange")) return null;
  const { account, errors } = accountOf(typed, id);
  const field = (name: "held" | "scheduled" | "subjects" | "area" | "starts" | "lead_min", label: string, hint: string): JSX.Element => (
    <Field label={label} value={typed[name]} onInput={(value) => setTyped({ ...typed, [name]: value })} error={errors[name]} hint={hint} />
  );
  const choose = <K extends "level" | "channel" | "form" | "initiated_by">(name: K, values: readonly Typed[K][]): JSX.Element => (
    <Select
      label={named("fact", name)}
      value={typed[name]}
      onChange={(value) => setTyped({ ...typed, [name]: value })}
      choices={values.map((value) => ({ value, label: name === "initiated_by" ? t(`exchange.by_${value as Account["initiated_by"]}`) : word(value) }))}
    />
  );
  return (
    <form
      class="panel stack"
      aria-label={t(exchange ? "exchange.enter_ours" : "exchange.enter")}
      onSubmit={(event) => {
        event.preventDefault();
        if (account) void task.run(() => act({ act: "enter_exchange", ...account, ...(to ? { to } : {}) })).then((sent) => sent && done(id));
      }}
    >
      <h2>{t(exchange ? "exchange.enter_ours" : "exchange.enter")}</h2>
      <p class="quiet">{t("exchange.enter_help")}</p>
      <div class="fields">
        {!exchange && lines.value.length > 1 && (
          <Select label={t("field.peer")} value={to} onChange={setTo} choices={[{ value: "", label: "…" }, ...lines.value.map((line) => ({ value: line.peer.id, label: peerName(line.peer) }))]} />
        )}
        {choose("level", levels)}
        {choose("channel", channels)}
        {choose("form", forms)}
        {choose("initiated_by", initiators)}
        {field("held", named("fact", "held_at"), t(typed.form === "scheduled" ? "hint.optional" : "hint.time"))}
        {typed.form === "scheduled" && field("scheduled", named("fact", "scheduled_at"), t("hint.time"))}
        {field("subjects", named("fact", "subjects"), t("exchange.subjects_hint"))}
        {field("area", named("fact", "area"), t("hint.optional"))}
        {field("starts", named("fact", "starts_at"), t("hint.optional"))}
        {field("lead_min", named("fact", "lead_time"), t("exchange.lead_hint"))}
      </div>
      <ErrorText error={task.error} />
      <div class="row">
        <button class="primary" disabled={!account || !to || task.busy}>{t("exchange.enter_go")}</button>
      </div>
    </form>
  );
}

interface Row {
  texts: [string, string];
  public: boolean;
}
const emptyRow: Row = { texts: ["", ""], public: false };
const paragraphs_max = 100;

// In two languages side by side; a paragraph counts when it is there in both.
export function ProposeMinutes({ exchange, done }: { exchange: Exchange; done: () => void }): JSX.Element | null {
  const own = shown.value.language;
  const [pair, setPair] = useState<[string, string]>(own === "en" ? ["en", "ru"] : ["en", own]);
  const [rows, setRows] = useState<Row[]>([emptyRow]);
  const task = useTask();
  if (!mayDo("propose_readout")) return null;
  const change = (at: number, part: Partial<Row>): void => setRows(rows.map((row, i) => (i === at ? { ...row, ...part } : row)));
  const complete = pair[0] !== pair[1] && rows.every((row) => row.texts.every((text) => text.trim() !== ""));
  const propose = (): void => {
    const paragraphs = rows.map((row) => ({ texts: row.texts.map((text) => text.trim()), public: row.public }));
    void task.run(() => act({ act: "propose_readout", readout: { exchange: exchange.id, languages: pair, paragraphs } })).then((sent) => sent && done());
  };
  return (
    <form
      class="panel stack"
      aria-label={t("exchange.propose")}
      onSubmit={(event) => {
        event.preventDefault();
        if (complete) propose();
      }}
    >
      <h2>{t("exchange.propose")}</h2>
      <p class="quiet">{t("exchange.propose_help")}</p>
      <div class="fields">
        {([0, 1] as const).map((l) => (
          <Select
            key={l}
            label={t("exchange.language", { n: l + 1 })}
            value={pair[l]}
            onChange={(value) => setPair(l === 0 ? [value, pair[1]] : [pair[0], value])}
            choices={interfaceLanguages.map((value) => ({ value, label: value }))}
          />
        ))}
      </div>
      {rows.map((row, i) => (
        <div key={i} class="item stack tight" role="group" aria-label={t("exchange.paragraph", { n: i + 1 })}>
          <div class="split">
            {([0, 1] as const).map((l) => (
              <Field
                key={l}
                label={`${t("exchange.paragraph", { n: i + 1 })} · ${pair[l]}`}
                lines={2}
                value={row.texts[l]}
                onInput={(text) => change(i, { texts: l === 0 ? [text, row.texts[1]] : [row.texts[0], text] })}
              />
            ))}
          </div>
          <Choices
            label={t("exchange.public")}
            value={String(row.public)}
            onChange={(value) => change(i, { public: value === "true" })}
            choices={[{ value: "false", label: t("ui.no") }, { value: "true", label: t("ui.yes") }]}
          />
        </div>
      ))}
      <ErrorText error={task.error} />
      <div class="row">
        <button type="button" disabled={rows.length >= paragraphs_max} onClick={() => setRows([...rows, emptyRow])}>{t("exchange.more")}</button>
        {rows.length > 1 && <button type="button" onClick={() => setRows(rows.slice(0, -1))}>{t("exchange.fewer")}</button>}
        <span class="grow" />
        <button class="primary" disabled={!complete || task.busy}>{t("exchange.propose_go")}</button>
      </div>
    </form>
  );
}
