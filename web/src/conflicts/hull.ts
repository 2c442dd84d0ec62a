// A hull to declare in place of a plan (MECHANISM 2.3): one circle, band and window that hold all of it and say nothing of
// what is inside. A beginning only: the person draws it as wide as they like.
import type { Altitude, Declaration } from "../api/types.ts";
import { cornersOf, distance_m } from "../map/geometry.ts";
import { type Draft, draftOf, emptyDraft } from "../notices/draft.ts";
import { formatDecimal } from "../units/coordinates.ts";
import { m_per_nm, roughHeight_m, typedHeight } from "../units/measures.ts";

const step_m = m_per_nm;
const step_min = 10;
const step_ms = step_min * 60_000;

// The lowest or the highest where all are of one reference; else empty, for the person to say.
function limitOf(altitudes: readonly Altitude[], pick: "lowest" | "highest"): string {
  if (altitudes.some((each) => "unlimited" in each)) return pick === "highest" ? "UNL" : "";
  const references = new Set(altitudes.map((each) => ("unlimited" in each ? "" : each.reference)));
  if (references.size !== 1) return "";
  const sorted = [...altitudes].sort((a, b) => roughHeight_m(a) - roughHeight_m(b));
  const found = pick === "lowest" ? sorted[0] : sorted.at(-1);
  return found ? typedHeight(found) : "";
}

function momentOf(times: readonly string[], pick: "first" | "last"): string {
  if (times.includes("open")) return "open";
  const moments = times.map((time) => Date.parse(time));
  const ms = pick === "first" ? Math.floor(Math.min(...moments) / step_ms) * step_ms : Math.ceil(Math.max(...moments) / step_ms) * step_ms;
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

export function hullOf(plan: Declaration): Draft {
  const corners = plan.volumes.flatMap(cornersOf);
  const middle = (values: number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  const centre = { lat: middle(corners.map((c) => c.lat)), lng: middle(corners.map((c) => c.lng)) };
  // Drawn on a sphere, which is good to half a percent.
  const farthest_m = 1.01 * Math.max(...corners.map((corner) => distance_m(centre, corner)));
  return {
    ...emptyDraft,
    kind: plan.kind,
    mode: plan.data_mode,
    hazardClass: draftOf(plan).hazardClass,
    source: draftOf(plan).source,
    activityClass: plan.activity_class ?? "",
    shape: "circle",
    points: formatDecimal({ lat: Math.round(centre.lat * 100) / 100, lng: Math.round(((centre.lng + 540) % 360 - 180) * 100) / 100 }),
    // Rounding the centre moves it by less than 800 m.
    extent: `${Math.ceil((farthest_m + 800) / step_m)} NM`,
    lower: limitOf(plan.volumes.map((v) => v.altitude_lower), "lowest"),
    upper: limitOf(plan.volumes.map((v) => v.altitude_upper), "highest"),
    start: momentOf(plan.volumes.map((v) => v.time_start), "first"),
    end: momentOf(plan.volumes.map((v) => v.time_end), "last"),
  };
}
