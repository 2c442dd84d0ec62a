// A person's own entry of where, how far, how high, when and in which mode: at read-back (MECHANISM 3.3) and as the second
// person before a release (3.4). The machine compares; nothing of the notice's values is in this form.
import type { JSX } from "preact";
import type { DataMode, Reading } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { now } from "../state/clock.ts";
import { Choices, Field } from "../ui/parts.tsx";
import { parsePosition, parsePositions } from "../units/coordinates.ts";
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

export function EntryFields(props: { entry: Entry; change: (change: Partial<Entry>) => void }): JSX.Element {
  const { entry, change } = props;
  const error = (text: string, parsed: ReturnType<typeof parseTime> | ReturnType<typeof parseHeight>): string | undefined =>
    text && !parsed.ok ? t(parsed.rule) : undefined;
  const centre = parsePosition(entry.centre);
  const extent = parseLength(entry.extent);
  const vertices = parsePositions(entry.vertices ?? "");
  const local = (text: string): string => {
    const parsed = entryTime(text, now.peek());
    if (!parsed.ok || parsed.value === "open") return t("hint.time");
    return `${parsed.value.slice(0, 16)}Z = ${formatLocal(parsed.value)}`;
  };
  return (
    <div class="stack">
      <div class="fields">
        <Field
          label={t("field.centre")}
          value={entry.centre}
          onInput={(value) => change({ centre: value })}
          error={entry.centre && !centre.ok ? t(centre.rule) : undefined}
          hint={t("hint.position")}
          autofocus
        />
        <Field
          label={t("field.extent")}
          value={entry.extent}
          onInput={(value) => change({ extent: value })}
          error={entry.extent && !extent.ok ? t(extent.rule) : undefined}
          hint={t("hint.extent")}
        />
        <Field
          label={t("field.lower")}
          value={entry.lower}
          onInput={(value) => change({ lower: value })}
          error={error(entry.lower, parseHeight(entry.lower))}
          hint={t("hint.height")}
        />
        <Field
          label={t("field.upper")}
          value={entry.upper}
          onInput={(value) => change({ upper: value })}
          error={error(entry.upper, parseHeight(entry.upper))}
          hint={t("hint.height")}
        />
        <Field
          label={t("field.start")}
          value={entry.start}
          onInput={(value) => change({ start: value })}
          error={error(entry.start, entryTime(entry.start, now.peek()))}
          hint={local(entry.start)}
        />
        <Field
          label={t("field.end")}
          value={entry.end}
          onInput={(value) => change({ end: value })}
          error={error(entry.end, entryTime(entry.end, now.peek()))}
          hint={local(entry.end)}
        />
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
