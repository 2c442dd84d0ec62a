// What lies on the map, as features and as the layers that draw them. Kinds differ by pattern of line as well as by colour.
import type { Feature, FeatureCollection, LineString, MultiPolygon, Point } from "geojson";
import type { StyleSpecification } from "maplibre-gl";
import type { Conflict, Notice, Pair, Volume } from "../api/types.ts";
import { distance_m, type Ring, ringsOf, unwrap } from "./geometry.ts";
import { overlapOf } from "./overlap.ts";

export interface Colours {
  ground: string;
  land: string;
  border: string;
  grid: string;
  own: string;
  peer: string;
  alarm: string;
  warn: string;
  site: string;
  text: string;
}

export const day: Colours = {
  ground: "#dfe7ee", land: "#f7f6f1", border: "#9aa3ad", grid: "#c4ccd4", own: "#0b4f8a", peer: "#7a3d00",
  alarm: "#a90f1d", warn: "#7a4b00", site: "#0d5c3c", text: "#14181f",
};
export const night: Colours = {
  ground: "#0c1117", land: "#1a2129", border: "#55606e", grid: "#28313b", own: "#7cbcf5", peer: "#f2a766",
  alarm: "#ff8a8a", warn: "#f2bd62", site: "#7ed6ae", text: "#e3e7ed",
};

export interface NoticeProperties {
  id: string;
  kind: string;
  own: number;
  held: number;
  active: number;
  // From when to when it is there, in seconds since 1970, for the time slider.
  s: number;
  e: number;
  // Ended, or clear: shown only by the slider, at a moment when it was not.
  over: number;
  // From this zoom on its outline is drawn: below it there is nothing to see of a shape, and it is a dot.
  z: number;
  label: string;
}

const far_s = 1e11;
const seconds = (time: string, open: number): number => (time === "open" ? open : Date.parse(time) / 1000);

const shape_px = 8;
const world_px = 512;
const equator_m = 40_075_017;

interface Box {
  centre: { lat: number; lng: number };
  z: number;
}

function boxOf(rings: readonly Ring[]): Box {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of rings) {
    for (const [lng, lat] of ring) {
      west = Math.min(west, lng);
      east = Math.max(east, lng);
      south = Math.min(south, lat);
      north = Math.max(north, lat);
    }
  }
  const centre = { lat: (south + north) / 2, lng: (west + east) / 2 };
  const size_m = Math.max(1, distance_m({ lat: south, lng: west }, { lat: north, lng: east }) / Math.SQRT2);
  const px_m = (equator_m * Math.cos((centre.lat * Math.PI) / 180)) / world_px;
  return { centre, z: Math.max(0, Math.ceil(Math.log2((shape_px * px_m) / size_m))) };
}

// The map joins no letters and turns no direction around: a text that needs it is in the lists.
const isDrawable = (text: string): boolean => /^[\p{Script=Latin}\p{Script=Cyrillic}\p{N}\p{P}\s]+$/u.test(text);

// What it is, in the person's words; whose, unless one's own; its id as it is said over voice.
export type Wording = (code: string) => string;
const asCoded: Wording = (code) => code.replaceAll("_", " ");

function labelOf(notice: Notice, party: string, word: Wording): string {
  const declaration = notice.latest.declaration;
  const what = declaration?.name ?? word(declaration?.hazard?.class ?? notice.kind);
  const whose = notice.party.id === party || !notice.party.name ? "" : `${notice.party.name} `;
  return `${isDrawable(what) ? `${what}\n` : ""}${whose}${notice.id.slice(0, 8)}`;
}

export interface Drawn {
  shapes: Feature<MultiPolygon, NoticeProperties>[];
  dots: Feature<Point, NoticeProperties>[];
}

// The slider goes by whole minutes: what has just begun is there at the minute that is called now.
const begun_s = 60;

// From when to when a volume is occupied, [s, e) in seconds since 1970: earlier than declared if it began earlier, no longer
// than until it ended; a hazard until its all-clear, whatever its planned end.
function spanOf(notice: Notice, volume: Volume): { s: number; e: number } {
  const declared = seconds(volume.time_start, -far_s);
  const s = notice.started_at ? Math.min(declared, seconds(notice.started_at, declared) - begun_s) : declared;
  if (notice.kind === "hazard") {
    const over = notice.all_clear_at ?? (isOver(notice) ? notice.ended_at : undefined);
    return { s, e: over ? seconds(over, far_s) : far_s };
  }
  const e = seconds(volume.time_end, far_s);
  return { s, e: notice.ended_at ? Math.min(e, seconds(notice.ended_at, e)) : e };
}

const isOver = (notice: Notice): boolean =>
  notice.activity === "all_clear" || notice.activity === "no_longer_observed" || (notice.kind !== "hazard" && notice.activity === "ended");

// What the layers' filters show at a moment, of one notice.
export function isShownAt(notice: Notice, at_s: number): boolean {
  return (notice.latest.declaration?.volumes ?? []).some((volume) => {
    const { s, e } = spanOf(notice, volume);
    return s <= at_s && at_s < e;
  });
}

// `steps`: of how many sides a circle is made.
export function noticeFeatures(notice: Notice, party: string, steps?: number, word = asCoded): Drawn {
  const drawn: Drawn = { shapes: [], dots: [] };
  for (const [i, volume] of (notice.latest.declaration?.volumes ?? []).entries()) {
    const rings = ringsOf(volume, steps);
    if (rings.length === 0) continue;
    const { centre, z } = boxOf(rings);
    const properties: NoticeProperties = {
      id: notice.id,
      kind: notice.kind,
      own: notice.party.id === party ? 1 : 0,
      held: notice.latest.disclosure === "declared" ? 0 : 1,
      active: notice.activity === "active" ? 1 : 0,
      ...spanOf(notice, volume),
      over: isOver(notice) ? 1 : 0,
      z,
      label: i === 0 ? labelOf(notice, party, word) : "",
    };
    const id = `${notice.id} ${i}`;
    drawn.shapes.push({ type: "Feature", id, properties, geometry: { type: "MultiPolygon", coordinates: rings.map((ring) => [ring]) } });
    drawn.dots.push({ type: "Feature", id, properties, geometry: { type: "Point", coordinates: [centre.lng, centre.lat] } });
  }
  return drawn;
}

function boxRing({ south_west: sw, north_east: ne }: Pair["area"]): Ring {
  const east = ne.lng < sw.lng ? ne.lng + 360 : ne.lng;
  return [[sw.lng, sw.lat], [east, sw.lat], [east, ne.lat], [sw.lng, ne.lat], [sw.lng, sw.lat]];
}

// The two volumes of a pair, where the versions that it is of are here.
export function volumesOf(conflict: Conflict, pair: Pair, notices: ReadonlyMap<string, Notice>): (Volume | undefined)[] {
  return conflict.sides.map((side, i) => {
    const latest = notices.get(side.notice)?.latest;
    return latest?.digest === pair.versions[i] ? latest?.declaration?.volumes[pair.volumes[i]!] : undefined;
  });
}

// Where the two lie on each other; where they only come too close, the way between. Of versions that are not here the extent
// that the node gives.
export function conflictFeatures(conflict: Conflict, notices: ReadonlyMap<string, Notice>): Feature[] {
  const properties = { id: conflict.id, certain: conflict.verdict === "certain" ? 1 : 0 };
  return conflict.pairs.map((pair) => {
    const [one, other] = volumesOf(conflict, pair, notices);
    const rings = (one && other && overlapOf(ringsOf(one), ringsOf(other))) ?? [boxRing(pair.area)];
    return rings.length > 0
      ? { type: "Feature", properties, geometry: { type: "MultiPolygon", coordinates: rings.map((ring) => [ring]) } }
      : { type: "Feature", properties, geometry: gapOf(pair) };
  });
}

const gapOf = (pair: Pair): LineString => {
  const [from, to] = unwrap(pair.closest);
  return { type: "LineString", coordinates: from && to ? [[from.lng, from.lat], [to.lng, to.lat]] : [] };
};

export function gapFeatures(conflict: Conflict): Feature[] {
  return conflict.pairs
    .filter((pair) => pair.closest.length === 2)
    .map((pair) => ({ type: "Feature", properties: { id: conflict.id }, geometry: gapOf(pair) }));
}

export function graticule(step_deg: number): FeatureCollection {
  const lines: Feature[] = [];
  const line = (coordinates: [number, number][]): void => {
    lines.push({ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates } });
  };
  for (let lng = -180; lng <= 180; lng += step_deg) line([[lng, -85], [lng, 85]]);
  for (let lat = -80; lat <= 80; lat += step_deg) line([[-180, lat], [180, lat]]);
  return { type: "FeatureCollection", features: lines };
}

export const emptyCollection: FeatureCollection = { type: "FeatureCollection", features: [] };

// What each layer of notices draws: with the time slider's filter beside it, and as a shape or a dot by the zoom.
const isShape = ["<=", ["get", "z"], ["zoom"]];
const kindFilters = {
  "notice-fill": [isShape],
  "notice-line": [isShape, ["!=", ["get", "kind"], "hazard"], ["==", ["get", "held"], 0], ["==", ["get", "own"], 1]],
  "notice-peer": [isShape, ["!=", ["get", "kind"], "hazard"], ["==", ["get", "held"], 0], ["==", ["get", "own"], 0]],
  "notice-hazard": [isShape, ["==", ["get", "kind"], "hazard"], ["==", ["get", "held"], 0]],
  "notice-held": [isShape, ["==", ["get", "held"], 1]],
  "notice-dot": [["!", isShape]],
  "notice-label": [isShape],
} as const;
export const noticeLayers = Object.keys(kindFilters) as (keyof typeof kindFilters)[];

// `at_s`: the moment that is shown; null for everything that is not over.
export function filterOf(layer: keyof typeof kindFilters, at_s: number | null): never {
  const time = at_s === null ? [["==", ["get", "over"], 0]] : [["<=", ["get", "s"], at_s], [">", ["get", "e"], at_s]];
  return ["all", ...kindFilters[layer], ...time] as never;
}

export function style(c: Colours): StyleSpecification {
  const source = (): { type: "geojson"; data: FeatureCollection; tolerance: number } => ({ type: "geojson", data: emptyCollection, tolerance: 0.2 });
  const byKind = ["case", ["==", ["get", "kind"], "hazard"], c.alarm, ["==", ["get", "kind"], "protected_site"], c.site, ["==", ["get", "own"], 1], c.own, c.peer];
  return {
    version: 8,
    sources: {
      land: source(),
      borders: source(),
      grid: { type: "geojson", data: graticule(5) },
      notices: source(),
      dots: source(),
      conflicts: source(),
      gaps: source(),
      sketch: source(),
      handles: source(),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": c.ground } },
      { id: "land", type: "fill", source: "land", paint: { "fill-antialias": false, "fill-color": c.land } },
      { id: "grid", type: "line", source: "grid", paint: { "line-color": c.grid, "line-width": 1 } },
      { id: "borders", type: "line", source: "borders", paint: { "line-color": c.border, "line-width": 1 } },
      { id: "notice-fill", type: "fill", source: "notices", filter: filterOf("notice-fill", null), paint: { "fill-antialias": false, "fill-color": byKind as never, "fill-opacity": ["case", ["==", ["get", "active"], 1], 0.28, 0.1] } },
      { id: "notice-line", type: "line", source: "notices", filter: filterOf("notice-line", null), paint: { "line-color": byKind as never, "line-width": 2.5 } },
      { id: "notice-peer", type: "line", source: "notices", filter: filterOf("notice-peer", null), paint: { "line-color": byKind as never, "line-width": 2, "line-dasharray": [6, 3] } },
      { id: "notice-hazard", type: "line", source: "notices", filter: filterOf("notice-hazard", null), paint: { "line-color": c.alarm, "line-width": 3, "line-dasharray": [4, 1] } },
      { id: "notice-held", type: "line", source: "notices", filter: filterOf("notice-held", null), paint: { "line-color": byKind as never, "line-width": 2, "line-dasharray": [1, 2] } },
      {
        id: "notice-dot", type: "circle", source: "dots", filter: filterOf("notice-dot", null),
        paint: {
          "circle-color": ["case", ["==", ["get", "held"], 1], c.ground, byKind] as never,
          "circle-radius": ["case", ["==", ["get", "kind"], "hazard"], 4, 3],
          "circle-stroke-color": byKind as never,
          "circle-stroke-width": ["case", ["==", ["get", "held"], 1], 1.5, 0],
        },
      },
      { id: "conflict-fill", type: "fill", source: "conflicts", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": c.warn, "fill-opacity": 0.35 } },
      { id: "conflict-line", type: "line", source: "conflicts", paint: { "line-color": c.alarm, "line-width": 3 } },
      { id: "gaps", type: "line", source: "gaps", paint: { "line-color": c.text, "line-width": 3 } },
      {
        id: "notice-label", type: "symbol", source: "dots", filter: filterOf("notice-label", null),
        layout: { "text-field": ["get", "label"], "text-font": ["sans-serif"], "text-size": 12, "text-padding": 4, "symbol-sort-key": ["case", ["==", ["get", "kind"], "hazard"], 0, 1] },
        paint: { "text-color": c.text, "text-halo-color": c.land, "text-halo-width": 2 },
      },
      { id: "sketch-fill", type: "fill", source: "sketch", paint: { "fill-color": c.own, "fill-opacity": 0.2 } },
      { id: "sketch-line", type: "line", source: "sketch", paint: { "line-color": c.own, "line-width": 3, "line-dasharray": [2, 1] } },
      { id: "handles", type: "circle", source: "handles", paint: { "circle-radius": 6, "circle-color": c.ground, "circle-stroke-color": c.own, "circle-stroke-width": 3 } },
    ],
  };
}
