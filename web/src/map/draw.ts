// Drawing on the map: each click a position, snapped to a corner of what is there; the second click of a circle is its rim.
// What is drawn is changed by its handles: its positions, and a circle's rim.
import type { LatLng, Notice } from "../api/types.ts";
import type { Shape } from "../notices/draft.ts";
import { circleRing, corridorRings, destination, distance_m, type Ring, unwrap } from "./geometry.ts";

export interface Sketch {
  shape: Shape;
  points: LatLng[];
  radius_m?: number;
}

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;
// To what a person means by a click: a tenth of a nautical mile.
const radius_step_m = 185.2;

// Where the map was pointed at, to a decimetre. The map goes round the world more than once: a longitude does not.
export function pointedAt({ lat, lng }: LatLng): LatLng {
  return { lat: round(lat), lng: round(((((lng + 180) % 360) + 360) % 360) - 180) };
}

const withRim = (sketch: Sketch, centre: LatLng, at: LatLng): Sketch => ({
  ...sketch,
  radius_m: Math.max(radius_step_m, Math.round(distance_m(centre, at) / radius_step_m) * radius_step_m),
});

export function withClick(sketch: Sketch, at: LatLng): Sketch {
  if (sketch.shape !== "circle") return { ...sketch, points: [...sketch.points, at] };
  const centre = sketch.points[0];
  return centre ? withRim(sketch, centre, at) : { ...sketch, points: [at] };
}

// What can be dragged: every position, and behind them the rim of a circle, due east of its centre.
export function handlesOf({ shape, points, radius_m }: Sketch): LatLng[] {
  const centre = points[0];
  return shape === "circle" && centre && radius_m ? [...points, destination(centre, 90, radius_m)] : points;
}

// `index`: of a handle.
export function withMove(sketch: Sketch, index: number, at: LatLng): Sketch {
  const centre = sketch.points[0];
  if (sketch.shape === "circle" && centre && index >= sketch.points.length) return withRim(sketch, centre, at);
  return { ...sketch, points: sketch.points.map((old, i) => (i === index ? at : old)) };
}

export function ringsOfSketch({ shape, points, radius_m }: Sketch): Ring[] {
  if (shape === "circle") return points[0] && radius_m ? [circleRing(points[0], radius_m)] : [];
  if (shape === "corridor") return radius_m ? corridorRings(points, radius_m) : [];
  const ring = unwrap(points).map(({ lat, lng }): [number, number] => [lng, lat]);
  return ring.length < 2 ? [] : [[...ring, ring[0]!]];
}

// The corners of zones and sites: what a person snaps to.
export function snapPoints(notices: Iterable<Notice>): LatLng[] {
  const found: LatLng[] = [];
  for (const notice of notices) {
    if (notice.kind !== "zone" && notice.kind !== "protected_site") continue;
    for (const volume of notice.latest.declaration?.volumes ?? []) {
      found.push(...(volume.outline_polygon?.vertices ?? []));
      if (volume.outline_circle) found.push(volume.outline_circle.center);
      found.push(...(volume.outline_corridor?.centreline ?? []));
    }
  }
  return found;
}
