// The content of a declaration in words and numbers; with a second one, what differs between the two.
import type { ComponentChildren, JSX } from "preact";
import type { Declaration, Volume } from "../api/types.ts";
import { t, word } from "../i18n/text.ts";
import { formatPosition } from "../units/coordinates.ts";
import { formatHeight, formatLength } from "../units/measures.ts";
import { formatLocal, formatUtc } from "../units/time.ts";
import type { TextKey } from "../i18n/en.ts";

export interface Row {
  label: TextKey;
  volume?: number;
  text: string;
}

function outlineText(volume: Volume): string {
  if (volume.outline_circle) {
    return `● ${formatPosition(volume.outline_circle.center)} r ${formatLength(volume.outline_circle.radius)}`;
  }
  if (volume.outline_corridor) {
    const { centreline, half_width } = volume.outline_corridor;
    return `═ ${centreline.map(formatPosition).join(" → ")} ± ${formatLength(half_width)}`;
  }
  return `▱ ${(volume.outline_polygon?.vertices ?? []).map(formatPosition).join(" · ")}`;
}

const timeText = (time: string): string =>
  time === "open" ? "—" : `${time.slice(0, 10)} ${formatUtc(time, undefined, true)} (${formatLocal(time)})`;

// In the order in which they are read over voice.
export function rowsOf(declaration: Declaration): Row[] {
  const rows: Row[] = [
    { label: "field.kind", text: word(declaration.kind) },
    { label: "field.mode", text: declaration.data_mode },
  ];
  const add = (label: TextKey, text: string | undefined): void => {
    if (text) rows.push({ label, text });
  };
  add("field.hazard_class", declaration.hazard && word(declaration.hazard.class));
  add("field.source", declaration.hazard?.source && word(declaration.hazard.source));
  add("field.activity_class", declaration.activity_class);
  add("field.restriction", declaration.restriction);
  add("field.confidence", declaration.confidence && word(declaration.confidence));
  add("field.name", declaration.name);
  declaration.volumes.forEach((volume, i) => {
    const index = declaration.volumes.length > 1 ? { volume: i + 1 } : {};
    rows.push(
      { label: "field.outline", text: outlineText(volume), ...index },
      { label: "field.band", text: `${formatHeight(volume.altitude_lower)} – ${formatHeight(volume.altitude_upper)}`, ...index },
      { label: "field.start", text: timeText(volume.time_start), ...index },
      { label: "field.end", text: timeText(volume.time_end), ...index },
    );
  });
  add("field.role_to_call", declaration.role_to_call);
  add("field.frequency", declaration.frequency);
  add("field.unplanned", declaration.unplanned ? t("ui.yes") : undefined);
  add("field.on_behalf_of", declaration.on_behalf_of ? t("notices.not_verified") : undefined);
  add("field.may_tell", declaration.may_tell?.join(", "));
  return rows;
}

const keyOf = (row: Row): string => `${row.label} ${row.volume ?? 0}`;

export function Content({ declaration, before }: { declaration: Declaration; before?: Declaration | undefined }): JSX.Element {
  const rows = rowsOf(declaration);
  const old = new Map(before ? rowsOf(before).map((row) => [keyOf(row), row]) : []);
  const gone = before ? rowsOf(before).filter((row) => !rows.some((other) => keyOf(other) === keyOf(row))) : [];
  const label = (row: Row): string => t(row.label) + (row.volume ? ` ${row.volume}` : "");
  return (
    <dl class="facts">
      {rows.map((row) => {
        const was = old.get(keyOf(row));
        return (
          <Fact key={keyOf(row)} label={label(row)}>
            {before && was?.text !== row.text ? (
              <>
                {was && <del dir="auto">{was.text}</del>} <ins dir="auto">{row.text}</ins>
              </>
            ) : (
              <bdi>{row.text}</bdi>
            )}
          </Fact>
        );
      })}
      {gone.map((row) => (
        <Fact key={keyOf(row)} label={label(row)}>
          <del dir="auto">{row.text}</del>
        </Fact>
      ))}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}
