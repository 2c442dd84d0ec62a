// The two notices of a conflict in time and height: windows across, bands up, the overlap hatched.
import type { JSX } from "preact";
import type { Conflict, Notice, Volume } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { now } from "../state/clock.ts";
import { formatHeight_m, roughHeight_m } from "../units/measures.ts";
import { formatUtc } from "../units/time.ts";

const width = 600;
const height = 190;
const left = 80;
const bottom = 24;

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

export function Profile({ conflict, own, other }: { conflict: Conflict; own: Notice; other: Notice }): JSX.Element {
  const volumes = [own, other].flatMap((n) => n.latest.declaration?.volumes ?? []);
  const times = volumes.flatMap((v) => [v.time_start, v.time_end]).filter((x) => x !== "open").map(Date.parse);
  const from = Math.min(...times, now.value) - 300_000;
  const to = Math.max(...times, now.value) + 300_000;
  const bounded = volumes.flatMap((v) => [v.altitude_lower, v.altitude_upper]).filter((a) => !("unlimited" in a));
  const top = Math.max(1000, ...bounded.map((a) => roughHeight_m(a))) * 1.15;
  const x = (ms: number): number => left + ((ms - from) / (to - from)) * (width - left - 8);
  const y = (m: number): number => (height - bottom) * (1 - Math.max(0, Math.min(m, top)) / top) + 4;
  const rect = (box: Box, name: string): JSX.Element => (
    <rect class={name} x={x(box.s)} y={y(box.upper)} width={Math.max(2, x(box.e) - x(box.s))} height={Math.max(2, y(box.lower) - y(box.upper))} />
  );
  const pair = conflict.pairs[0];
  const clash = pair && pair.overlap.time_start !== "open" && pair.overlap.time_end !== "open" ? pair.overlap : null;
  return (
    <figure class="panel">
      <h2>{t("profile.title")}</h2>
      <svg class="profile ltr" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={t("profile.label")}>
        <line class="axis" x1={left} y1={y(0)} x2={width - 8} y2={y(0)} />
        {[0, 0.5, 1].map((part) => (
          <text key={part} x={left - 6} y={y(part * top / 1.15) + 4} text-anchor="end">{formatHeight_m(part * top / 1.15)}</text>
        ))}
        {[from + 300_000, to - 300_000].map((ms, i) => (
          <text key={ms} x={x(ms)} y={height - 6} text-anchor={i ? "end" : "start"}>{formatUtc(new Date(ms).toISOString(), now.value)}</text>
        ))}
        {clash && <rect class="clash" x={x(Date.parse(clash.time_start))} y={4} width={Math.max(2, x(Date.parse(clash.time_end)) - x(Date.parse(clash.time_start)))} height={y(0) - 4} />}
        {(other.latest.declaration?.volumes ?? []).map((v) => rect(boxOf(v, from, to, top), "theirs"))}
        {(own.latest.declaration?.volumes ?? []).map((v) => rect(boxOf(v, from, to, top), "ours"))}
        <line class="now" x1={x(now.value)} x2={x(now.value)} y1={4} y2={y(0)} />
      </svg>
      <figcaption class="row tight">
        <Key name="ours" label={t("ui.us")} /> <Key name="theirs" label={t("profile.theirs")} /> <Key name="clash" label={t("profile.clash")} />
        <span class="quiet">{t("profile.rough")}</span>
      </figcaption>
    </figure>
  );
}

function Key({ name, label }: { name: string; label: string }): JSX.Element {
  return (
    <span class="row tight">
      <svg class="key" viewBox="0 0 16 12" aria-hidden="true"><rect class={name} x="1" y="1" width="14" height="10" /></svg>
      {label}
    </span>
  );
}
