// A person's own entry of where, how far, how high, when and in which mode: at read-back (MECHANISM 3.3) and as the second
// person before a release (3.4). The machine compares; nothing of the notice's values is in this form.
import type { JSX } from "preact";
import type { DataMode, Reading } from "../api/types.ts";
import type { TextKey } from "../i18n/en.ts";
import { t } from "../i18n/text.ts";
import { now } from "../state/clock.ts";
import { Choices, Field } from "../ui/parts.tsx";
import { type Parsed, parsePosition, parsePositions } from "../units/coordinates.ts";
import { parseHeight, parseLength } from "../units/measures.ts";
import { formatLocal, parseTime } from "../units/time.ts";

export interface Entry {
  centre: string;
  extent: string;
  lower: string;
  upper: string;
  start: string;
  end: string;
  mode: DataMode | "";
  // Over voice: every corner of the outline, one a line. Null: over data, where the machine compares the outline.
  vertices: string | null;
}

export const emptyEntry: Entry = { centre: "", extent: "", lower: "", upper: "", start: "", end: "", mode: "", vertices: null };

export const modes: DataMode[] = ["REAL", "EXERCISE", "TEST"];

// "open" is an entry too: a hazard without a planned end.
export function entryTime(text: string, now_ms: number): ReturnType<typeof parseTime> {
  return text.trim().toLowerCase() === "open" ? { ok: true, value: "open" } : parseTime(text, now_ms);
}

export function readingOf(entry: Entry, now_ms: number): Reading | null {
  const centre = parsePosition(entry.centre);
  const extent = parseLength(entry.extent);
  const lower = parseHeight(entry.lower);
  const upper = parseHeight(entry.upper);
  const start = entryTime(entry.start, now_ms);
  const end = entryTime(entry.end, now_ms);
  const vertices = entry.vertices === null ? null : parsePositions(entry.vertices);
  if (vertices && !vertices.ok) return null;
  if (!centre.ok || !extent.ok || !lower.ok || !upper.ok || !start.ok || !end.ok || !entry.mode) return null;
  return {
    volume: {
      outline_circle: { center: centre.value, radius: extent.value },
      altitude_lower: lower.value,
      altitude_upper: upper.value,
      time_start: start.value,
      time_end: end.value,
    },
    data_mode: entry.mode,
    ...(vertices ? { vertices: vertices.value } : {}),
  };
}

// `keepsFocus`: something before it has the focus.
export function EntryFields(props: { entry: Entry; change: (change: Partial<Entry>) => void; keepsFocus?: boolean }): JSX.Element {
  const { entry, change } = props;
  const vertices = parsePositions(entry.vertices ?? "");
  const local = (text: string): string => {
    const parsed = entryTime(text, now.peek());
    if (!parsed.ok || parsed.value === "open") return t("hint.time");
    return `${parsed.value.slice(0, 16).replace("T", " ")}Z = ${formatLocal(parsed.value)}`;
  };
  const field = (name: Exclude<keyof Entry, "mode" | "vertices">, label: TextKey, parsed: Parsed<unknown>, hint: string): JSX.Element => (
    <Field
      label={t(label)}
      value={entry[name]}
      onInput={(value) => change({ [name]: value })}
      error={entry[name] && !parsed.ok ? t(parsed.rule) : undefined}
      hint={hint}
      autofocus={name === "centre" && !props.keepsFocus}
    />
  );
  return (
    <div class="stack">
      <div class="fields entry">
        {field("centre", "field.centre", parsePosition(entry.centre), t("hint.position"))}
        {field("extent", "field.extent", parseLength(entry.extent), t("hint.extent"))}
        {field("lower", "field.lower", parseHeight(entry.lower), t("hint.height"))}
        {field("upper", "field.upper", parseHeight(entry.upper), t("hint.height"))}
        {field("start", "field.start", entryTime(entry.start, now.peek()), local(entry.start))}
        {field("end", "field.end", entryTime(entry.end, now.peek()), local(entry.end))}
      </div>
      {entry.vertices !== null && (
        <Field
          label={t("readback.vertices")}
          lines={5}
          value={entry.vertices}
          onInput={(value) => change({ vertices: value })}
          error={entry.vertices && !vertices.ok ? t(vertices.rule) : undefined}
          hint={t("hint.position")}
        />
      )}
      <Choices
        label={t("field.mode")}
        value={entry.mode}
        onChange={(value) => change({ mode: value as DataMode })}
        choices={modes.map((value) => ({ value, label: value }))}
      />
    </div>
  );
}
