// Shapes to draw: positions on a sphere, good to half a percent. Nothing here decides anything: the node does.
import type { LatLng, Volume } from "../api/types.ts";
import { metresOf } from "../units/measures.ts";

const earth_m = 6_371_008.8;
const rad = Math.PI / 180;
const circle_steps = 48;
const cap_steps = 8;

export type Ring = [lng: number, lat: number][];

// Where one is after `distance_m` on the bearing. The longitude may pass 180: what is drawn across the antimeridian stays in
// one piece.
export function destination(from: LatLng, bearing_deg: number, distance_m: number): LatLng {
  const d = distance_m / earth_m;
  const b = bearing_deg * rad;
  const lat1 = from.lat * rad;
  const lat2 = Math.asin(Math.sin(lat1) * Math.cos(d) + Math.cos(lat1) * Math.sin(d) * Math.cos(b));
  const turn = Math.atan2(Math.sin(b) * Math.sin(d) * Math.cos(lat1), Math.cos(d) - Math.sin(lat1) * Math.sin(lat2));
  return { lat: lat2 / rad, lng: from.lng + turn / rad };
}

export function distance_m(a: LatLng, b: LatLng): number {
  const dLat = (b.lat - a.lat) * rad;
  const dLng = (b.lng - a.lng) * rad;
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.sin(dLng / 2) ** 2;
  return 2 * earth_m * Math.asin(Math.min(1, Math.sqrt(h)));
}

export function bearing_deg(a: LatLng, b: LatLng): number {
  const dLng = (b.lng - a.lng) * rad;
  const y = Math.sin(dLng) * Math.cos(b.lat * rad);
  const x = Math.cos(a.lat * rad) * Math.sin(b.lat * rad) - Math.sin(a.lat * rad) * Math.cos(b.lat * rad) * Math.cos(dLng);
  return (Math.atan2(y, x) / rad + 360) % 360;
}

const point = ({ lat, lng }: LatLng): [number, number] => [lng, lat];

export function circleRing(centre: LatLng, radius_m: number, steps = circle_steps): Ring {
  const ring: Ring = [];
  for (let i = 0; i <= steps; ++i) ring.push(point(destination(centre, (i * 360) / steps, radius_m)));
  return ring;
}

// Each longitude within half a turn of the one before.
export function unwrap(points: readonly LatLng[]): LatLng[] {
  const out: LatLng[] = [];
  for (const each of points) {
    const before = out.at(-1);
    const turns = before ? Math.round((before.lng - each.lng) / 360) : 0;
    out.push({ lat: each.lat, lng: each.lng + turns * 360 });
  }
  return out;
}

// The points within half a width of one leg: a rectangle with round ends.
function legRing(a: LatLng, b: LatLng, half_m: number): Ring {
  const course = bearing_deg(a, b);
  const ring: Ring = [];
  for (let i = 0; i <= cap_steps; ++i) ring.push(point(destination(b, course - 90 + (i * 180) / cap_steps, half_m)));
  for (let i = 0; i <= cap_steps; ++i) ring.push(point(destination(a, course + 90 + (i * 180) / cap_steps, half_m)));
  ring.push(ring[0]!);
  return ring;
}

export function corridorRings(line: readonly LatLng[], half_m: number): Ring[] {
  const points = unwrap(line);
  return points.slice(1).map((to, i) => legRing(points[i]!, to, half_m));
}

export function ringsOf(volume: Volume, steps?: number): Ring[] {
  if (volume.outline_circle) return [circleRing(volume.outline_circle.center, metresOf(volume.outline_circle.radius), steps)];
  if (volume.outline_corridor) return corridorRings(volume.outline_corridor.centreline, metresOf(volume.outline_corridor.half_width));
  const vertices = unwrap(volume.outline_polygon?.vertices ?? []);
  return vertices.length < 3 ? [] : [[...vertices, vertices[0]!].map(point)];
}

// Every position of an outline that bounds it well enough to look at.
export function cornersOf(volume: Volume): LatLng[] {
  return ringsOf(volume).flatMap((ring) => ring.map(([lng, lat]) => ({ lat, lng })));
}
