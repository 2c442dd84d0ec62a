// What would resolve a conflict: later, higher or lower, elsewhere. Computed from the shortfalls that the node gives, for a
// person to copy into a correction; the node judges the correction, not this.
import type { Altitude, Conflict, LatLng, Notice, Pair, Volume } from "../api/types.ts";
import { bearing_deg, destination } from "../map/geometry.ts";
import { m_per_ft, roughHeight_m } from "../units/measures.ts";

export interface Suggestion {
  kind: "later" | "earlier" | "higher" | "lower" | "elsewhere";
  // By how much: seconds, or metres.
  amount: number;
  volumes: Volume[];
}

const minute_s = 60;
// Past the limit by more than the tolerance within which two machines may differ (MECHANISM 4.6).
const lateral_margin_m = 200;
const height_step_m = 500 * m_per_ft;
const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

const shiftTime = (time: string, s: number): string =>
  time === "open" ? time : new Date(Date.parse(time) + s * 1000).toISOString();

const shiftHeight = (altitude: Altitude, m: number): Altitude => {
  if ("unlimited" in altitude) return altitude;
  const unit_m = { M: 1, FT: m_per_ft, FL: 100 * m_per_ft }[altitude.units];
  return { ...altitude, value: Math.round(altitude.value + m / unit_m) };
};

const shiftPoint = (at: LatLng, bearing: number, m: number): LatLng => {
  const moved = destination(at, bearing, m);
  return { lat: +moved.lat.toFixed(6), lng: +(((moved.lng + 540) % 360) - 180).toFixed(6) };
};

function shiftOutline(volume: Volume, bearing: number, m: number): Volume {
  const shift = (at: LatLng): LatLng => shiftPoint(at, bearing, m);
  if (volume.outline_circle) return { ...volume, outline_circle: { ...volume.outline_circle, center: shift(volume.outline_circle.center) } };
  if (volume.outline_corridor) {
    return { ...volume, outline_corridor: { ...volume.outline_corridor, centreline: volume.outline_corridor.centreline.map(shift) } };
  }
  return { ...volume, outline_polygon: { vertices: (volume.outline_polygon?.vertices ?? []).map(shift) } };
}

const startsOf = (volumes: Volume[]): number => Math.min(...volumes.map((v) => (v.time_start === "open" ? Number.NEGATIVE_INFINITY : Date.parse(v.time_start))));

// The way from the other side's nearest point to one's own; from middle to middle where they overlap.
function awayFrom(pair: Pair, ownFirst: boolean, own: Volume, other: Volume | undefined): number {
  const [a, b] = pair.closest;
  if (a && b && pair.lateral_gap_m > 1) return ownFirst ? bearing_deg(b, a) : bearing_deg(a, b);
  const middle = (volume: Volume): LatLng | undefined => {
    if (volume.outline_circle) return volume.outline_circle.center;
    const points = volume.outline_polygon?.vertices ?? volume.outline_corridor?.centreline ?? [];
    const n = points.length;
    return n === 0 ? undefined : { lat: points.reduce((sum, p) => sum + p.lat, 0) / n, lng: points.reduce((sum, p) => sum + p.lng, 0) / n };
  };
  const from = other && middle(other);
  const to = middle(own);
  return from && to && (from.lat !== to.lat || from.lng !== to.lng) ? bearing_deg(from, to) : 90;
}

// In overlap the node's lateral gap is 0: how deep it is, is for the extent of the pair's area to bound.
function depth_m(pair: Pair): number {
  const { south_west: sw, north_east: ne } = pair.area;
  return pair.lateral_gap_m > 0 ? 0 : 111_000 * Math.max(ne.lat - sw.lat, (ne.lng - sw.lng) * Math.cos(sw.lat * Math.PI / 180));
}

export function suggest(conflict: Conflict, own: Notice, other: Notice | undefined, now_ms: number): Suggestion[] {
  const volumes = own.latest.declaration?.volumes ?? [];
  if (volumes.length === 0 || conflict.pairs.length === 0) return [];
  const worst = (of: (pair: Pair) => number): number => Math.max(...conflict.pairs.map(of));
  const found: Suggestion[] = [];
  const late_s = roundUp(worst((p) => p.shortfall.time_s) + 1, minute_s);
  const shiftAll = (s: number): Volume[] => volumes.map((v) => ({ ...v, time_start: shiftTime(v.time_start, s), time_end: shiftTime(v.time_end, s) }));
  const otherVolumes = other?.latest.declaration?.volumes ?? [];
  // Later: to the end of the other's window and the separation behind it. The shortfall is of the nearer edge, which may be
  // the other one: so by the windows, where they are known.
  const otherEnd = Math.max(...otherVolumes.map((v) => (v.time_end === "open" ? Number.POSITIVE_INFINITY : Date.parse(v.time_end))));
  const otherStart = startsOf(otherVolumes);
  const isHazard = other?.kind === "hazard";
  const later_s = otherVolumes.length > 0 ? roundUp((otherEnd - startsOf(volumes)) / 1000 + conflict.separation.time_s, minute_s) : late_s;
  if (Number.isFinite(later_s) && later_s > 0 && !isHazard) found.push({ kind: "later", amount: later_s, volumes: shiftAll(later_s) });
  const ownEnd = Math.max(...volumes.map((v) => (v.time_end === "open" ? Number.POSITIVE_INFINITY : Date.parse(v.time_end))));
  const earlier_s = roundUp((ownEnd - otherStart) / 1000 + conflict.separation.time_s, minute_s);
  if (own.kind !== "hazard" && Number.isFinite(earlier_s) && earlier_s > 0 && startsOf(volumes) - earlier_s * 1000 > now_ms) {
    found.push({ kind: "earlier", amount: earlier_s, volumes: shiftAll(-earlier_s) });
  }
  found.push(...heights(conflict, volumes, otherVolumes));
  const pair = conflict.pairs[0]!;
  const ownFirst = conflict.sides[0]?.notice === own.id;
  const bearing = awayFrom(pair, ownFirst, volumes[0]!, otherVolumes[0]);
  const away_m = roundUp(worst((p) => p.shortfall.lateral_m + depth_m(p)) + lateral_margin_m, 100);
  found.push({ kind: "elsewhere", amount: away_m, volumes: volumes.map((v) => shiftOutline(v, bearing, away_m)) });
  return found;
}

// Above the other's top, or below its floor, by the separation; only where both are bounded in the same reference.
function heights(conflict: Conflict, own: Volume[], other: Volume[]): Suggestion[] {
  const bounded = [...own, ...other].flatMap((v) => [v.altitude_lower, v.altitude_upper]);
  const references = new Set(bounded.map((a) => ("unlimited" in a ? "" : a.reference)));
  if (other.length === 0 || references.size !== 1 || references.has("")) return [];
  const floor = (volumes: Volume[]): number => Math.min(...volumes.map((v) => roughHeight_m(v.altitude_lower)));
  const top = (volumes: Volume[]): number => Math.max(...volumes.map((v) => roughHeight_m(v.altitude_upper)));
  const apart = conflict.separation.vertical_m;
  const shifted = (m: number): Volume[] =>
    own.map((v) => ({ ...v, altitude_lower: shiftHeight(v.altitude_lower, m), altitude_upper: shiftHeight(v.altitude_upper, m) }));
  const up = roundUp(top(other) + apart - floor(own), height_step_m);
  const down = roundUp(top(own) + apart - floor(other), height_step_m);
  const found: Suggestion[] = [];
  if (up > 0) found.push({ kind: "higher", amount: up, volumes: shifted(up) });
  if (down > 0 && floor(own) - down >= 0) found.push({ kind: "lower", amount: down, volumes: shifted(-down) });
  return found;
}
