// Where two outlines lie on each other, to be drawn: in the plane of the map, good to what the shapes drawn are. The node
// decides whether they do. Pure.
import type { Ring } from "./geometry.ts";

type Point = Ring[number];

// Twice the area that three points turn around: above 0 where they turn to the left.
const turn = (a: Point, b: Point, c: Point): number => (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);

// Without the repeated last point, and running to the left.
function opened(ring: Ring): Point[] {
  const points = ring.slice(0, -1);
  const area = points.reduce((sum, p, i) => {
    const q = points[(i + 1) % points.length]!;
    return sum + p[0] * q[1] - q[0] * p[1];
  }, 0);
  return area < 0 ? points.reverse() : points;
}

const isConvex = (points: readonly Point[]): boolean =>
  points.every((p, i) => turn(p, points[(i + 1) % points.length]!, points[(i + 2) % points.length]!) >= 0);

const isInside = (p: Point, [a, b, c]: readonly [Point, Point, Point]): boolean =>
  turn(a, b, p) >= 0 && turn(b, c, p) >= 0 && turn(c, a, p) >= 0;

// Cuts off one ear after another; what is left of an outline that crosses itself is not drawn.
function triangles(points: readonly Point[]): Point[][] {
  const rest = [...points];
  const found: Point[][] = [];
  while (rest.length > 3) {
    const n = rest.length;
    const ear = rest.findIndex((p, i) => {
      const corner = [rest[(i + n - 1) % n]!, p, rest[(i + 1) % n]!] as const;
      return turn(...corner) > 0 && !rest.some((other) => !corner.includes(other) && isInside(other, corner));
    });
    if (ear < 0) return found;
    found.push([rest[(ear + n - 1) % n]!, rest[ear]!, rest[(ear + 1) % n]!]);
    rest.splice(ear, 1);
  }
  return [...found, rest];
}

// What of `subject` lies within a convex shape (Sutherland and Hodgman).
function clipped(subject: readonly Point[], within: readonly Point[]): Point[] {
  let left = [...subject];
  for (const [i, a] of within.entries()) {
    const b = within[(i + 1) % within.length]!;
    const before = left;
    left = [];
    for (const [k, q] of before.entries()) {
      const p = before[(k + before.length - 1) % before.length]!;
      const [dp, dq] = [turn(a, b, p), turn(a, b, q)];
      if (dp >= 0 !== dq >= 0) {
        const part = dp / (dp - dq);
        left.push([p[0] + (q[0] - p[0]) * part, p[1] + (q[1] - p[1]) * part]);
      }
      if (dq >= 0) left.push(q);
    }
  }
  return left;
}

// Beyond this many corners of an outline that is not convex the pieces are too many to cut at once.
const corners_max = 400;

// Rings that together cover what both cover; null where that is not worked out. The longitudes of either may be whole
// turns away from the other's.
export function overlapOf(a: readonly Ring[], b: readonly Ring[]): Ring[] | null {
  const found: Ring[] = [];
  for (const one of a) {
    for (const other of b) {
      const turns = Math.round((one[0]![0] - other[0]![0]) / 360) * 360;
      const subject = opened(one);
      const within = opened(other.map(([lng, lat]): Point => [lng + turns, lat]));
      if (!isConvex(within) && within.length > corners_max) return null;
      for (const piece of isConvex(within) ? [within] : triangles(within)) {
        const common = clipped(subject, piece);
        if (common.length > 2) found.push([...common, common[0]!]);
      }
    }
  }
  return found;
}
