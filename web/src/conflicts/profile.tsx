// One notice, or the two of a conflict, in time and height: windows across, bands up, the overlap hatched.
import type { JSX } from "preact";
import type { Conflict, Pair, Volume } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { now } from "../state/clock.ts";
import { partyId } from "../state/session.ts";
import { Key } from "../ui/parts.tsx";
import { formatHeight, formatHeight_m, roughHeight_m } from "../units/measures.ts";
import { formatUtc } from "../units/time.ts";

const width = 600;
const height = 190;
const left = 80;
const right = 8;
const bottom = 24;
const margin_ms = 300_000;
// A text of its size has this much room before it would lie on another.
const text_px = 14;

interface Box {
  s: number;
  e: number;
  lower: number;
  upper: number;
}

const boxOf = (volume: Volume, from: number, to: number, top: number): Box => ({
  s: volume.time_start === "open" ? from : Date.parse(volume.time_start),
  e: volume.time_end === "open" ? to : Date.parse(volume.time_end),
  lower: roughHeight_m(volume.altitude_lower, top),
  upper: roughHeight_m(volume.altitude_upper, top),
});

// Common to both; where they only come close, what lies between.
function clashOf(conflict: Conflict, pair: Pair, [ours = [], theirs = []]: Box[][]): Box | null {
  const first = conflict.sides[0]?.party.id === partyId.value;
  const [a, b] = [ours[pair.volumes[first ? 0 : 1]!], theirs[pair.volumes[first ? 1 : 0]!]];
  if (!a || !b) return null;
  const common = (from: number, to: number): [number, number] => (from < to ? [from, to] : [to, from]);
  const [s, e] = common(Math.max(a.s, b.s), Math.min(a.e, b.e));
  const [lower, upper] = common(Math.max(a.lower, b.lower), Math.min(a.upper, b.upper));
  return { s, e, lower, upper };
}

const bandOf = (volume: Volume): string => `${formatHeight(volume.altitude_lower)} – ${formatHeight(volume.altitude_upper)}`;

export interface ProfileProps {
  ours?: readonly Volume[];
  theirs?: readonly Volume[];
  // The conflict between the two.
  conflict?: Conflict;
}

export function Profile({ ours = [], theirs = [], conflict }: ProfileProps): JSX.Element {
  const volumes = [...ours, ...theirs];
  const times = volumes.flatMap((v) => [v.time_start, v.time_end]).filter((x) => x !== "open").map(Date.parse);
  const from = Math.min(...times, now.value) - margin_ms;
  const to = Math.max(...times, now.value) + margin_ms;
  const bounded = volumes.flatMap((v) => [v.altitude_lower, v.altitude_upper]).filter((a) => !("unlimited" in a));
  const highest = Math.max(1000, ...bounded.map((a) => roughHeight_m(a)));
  const top = highest * 1.15;
  const x = (ms: number): number => left + ((ms - from) / (to - from)) * (width - left - right);
  const y = (m: number): number => (height - bottom) * (1 - Math.max(0, Math.min(m, top)) / top) + 4;
  const drawn = (volume: Volume, name: string, i: number): JSX.Element => {
    const box = boxOf(volume, from, to, top);
    const size = Math.max(2, y(box.lower) - y(box.upper));
    const centre = (x(box.s) + x(box.e)) / 2;
    return (
      <g key={`${name} ${i}`} class="volume">
        <title>{bandOf(volume)}</title>
        <rect class={name} x={x(box.s)} y={y(box.upper)} width={Math.max(2, x(box.e) - x(box.s))} height={size} />
        {/* Of one notice the limits stand at its edges; of two they would hide each other. */}
        {(ours.length === 0 || theirs.length === 0) && size > 2 * text_px && (
          <>
            <text class="limit" x={centre} y={y(box.upper) + text_px} text-anchor="middle">{formatHeight(volume.altitude_upper)}</text>
            <text class="limit" x={centre} y={y(box.lower) - 4} text-anchor="middle">{formatHeight(volume.altitude_lower)}</text>
          </>
        )}
      </g>
    );
  };
  const clashes = conflict ? conflict.pairs.map((pair) => clashOf(conflict, pair, [ours, theirs].map((side) => side.map((v) => boxOf(v, from, to, top))))) : [];
  return (
    <figure class="panel">
      <h2>{t("profile.title")}</h2>
      <svg class="profile ltr" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={[conflict ? t("profile.label") : t("profile.title"), ...volumes.map(bandOf)].join("; ")}>
        <line class="axis" x1={left} y1={y(0)} x2={width - right} y2={y(0)} />
        {[0, 0.5, 1].map((part) => (
          <text key={part} x={left - 6} y={y(part * highest) + 4} text-anchor="end">{formatHeight_m(part * highest)}</text>
        ))}
        {[from + margin_ms, to - margin_ms].map((ms, i) => (
          <text key={i} x={x(ms)} y={height - 6} text-anchor={i ? "end" : "start"}>{formatUtc(new Date(ms).toISOString(), now.value)}</text>
        ))}
        {theirs.map((v, i) => drawn(v, "theirs", i))}
        {ours.map((v, i) => drawn(v, "ours", i))}
        {clashes.map((clash, i) => clash && (
          <rect key={`clash ${i}`} class="clash" x={x(clash.s)} y={y(clash.upper)} width={Math.max(2, x(clash.e) - x(clash.s))} height={Math.max(2, y(clash.lower) - y(clash.upper))} />
        ))}
        <line class="now" x1={x(now.value)} x2={x(now.value)} y1={4} y2={y(0)} />
      </svg>
      <figcaption class="row tight">
        {conflict && (
          <>
            <Key name="ours" label={t("ui.us")} /> <Key name="theirs" label={t("profile.theirs")} /> <Key name="clash" label={t("profile.clash")} />
          </>
        )}
        <span class="quiet">{t("profile.rough")}</span>
      </figcaption>
    </figure>
  );
}
