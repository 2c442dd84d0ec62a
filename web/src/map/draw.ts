// Drawing on the map: each click a position, snapped to a corner of what is there; the second click of a circle is its rim.
import type { LatLng, Notice } from "../api/types.ts";
import type { Shape } from "../notices/draft.ts";
import { circleRing, corridorRings, distance_m, type Ring, unwrap } from "./geometry.ts";

export interface Sketch {
  shape: Shape;
  points: LatLng[];
  radius_m?: number;
}

const round = (degrees: number): number => Math.round(degrees * 1e6) / 1e6;
// To what a person means by a click: a hundredth of a nautical mile.
const radius_step_m = 185.2;

export function withClick(sketch: Sketch, at: LatLng): Sketch {
  const here = { lat: round(at.lat), lng: round(((at.lng + 540) % 360) - 180) };
  if (sketch.shape !== "circle") return { ...sketch, points: [...sketch.points, here] };
  const centre = sketch.points[0];
  if (!centre) return { ...sketch, points: [here] };
  const radius_m = Math.max(radius_step_m, Math.round(distance_m(centre, here) / radius_step_m) * radius_step_m);
  return { ...sketch, radius_m };
}

export function withMove(sketch: Sketch, index: number, at: LatLng): Sketch {
  const points = sketch.points.map((old, i) => (i === index ? { lat: round(at.lat), lng: round(at.lng) } : old));
  return { ...sketch, points };
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
