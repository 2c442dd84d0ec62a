import { describe, expect, it } from "vitest";
import type { Ring } from "./geometry.ts";
import { overlapOf } from "./overlap.ts";

const ring = (...points: [number, number][]): Ring => [...points, points[0]!];
const box = (west: number, south: number, east: number, north: number): Ring => ring([west, south], [east, south], [east, north], [west, north]);
const areaOf = (rings: readonly Ring[]): number =>
  rings.reduce((sum, points) => sum + Math.abs(points.slice(1).reduce((part, [x, y], i) => part + points[i]![0] * y - x * points[i]![1], 0)) / 2, 0);

// How much of a fine grid of points lies in both, by another way: a ray's crossings.
function sampled(a: Ring, b: Ring): number {
  const isIn = (at: readonly [number, number], points: Ring): boolean =>
    points.slice(1).filter(([x, y], i) => {
      const [px, py] = points[i]!;
      return y > at[1] !== py > at[1] && at[0] < ((px - x) * (at[1] - y)) / (py - y) + x;
    }).length % 2 === 1;
  const step = 0.02;
  let count = 0;
  for (let x = -4 + step / 2; x < 8; x += step) {
    for (let y = -4 + step / 2; y < 8; y += step) if (isIn([x, y], a) && isIn([x, y], b)) count += 1;
  }
  return count * step * step;
}

describe("the overlap of two outlines", () => {
  it("is what both cover, in whichever direction they run", () => {
    const found = overlapOf([box(0, 0, 2, 2)], [box(1, 1, 3, 3)])!;
    expect(found).toHaveLength(1);
    expect(found[0]).toEqual(expect.arrayContaining([[1, 1], [2, 1], [2, 2], [1, 2]]));
    expect(areaOf(overlapOf([box(0, 0, 2, 2).reverse()], [box(1, 1, 3, 3).reverse()])!)).toBeCloseTo(1, 9);
    expect(areaOf(overlapOf([box(0, 0, 4, 4)], [box(1, 1, 2, 2)])!)).toBeCloseTo(1, 9);
  });

  it("is nothing where they are apart", () => {
    expect(overlapOf([box(0, 0, 1, 1)], [box(2, 0, 3, 1)])).toEqual([]);
  });

  it("is found of shapes that are not convex, either or both", () => {
    const hook = ring([0, 0], [4, 0], [4, 1], [1, 1], [1, 4], [0, 4]);
    const star = ring([2, -1], [2.6, 1.2], [5, 1.5], [3, 2.6], [3.6, 5], [2, 3.4], [0.4, 5], [1, 2.6], [-1, 1.5], [1.4, 1.2]);
    for (const [a, b] of [[hook, box(0.5, 0.5, 3, 3)], [box(0.5, 0.5, 3, 3), hook], [hook, star], [star, hook]] as const) {
      expect(areaOf(overlapOf([a], [b])!)).toBeCloseTo(sampled(a, b), 1);
    }
  });

  it("is found across the antimeridian, whichever way the longitudes are counted", () => {
    expect(areaOf(overlapOf([box(179, 0, 181, 2)], [box(-180, 1, -178, 3)])!)).toBeCloseTo(1, 9);
  });

  it("is not worked out of an outline with too many corners", () => {
    const saw = Array.from({ length: 500 }, (_, i): [number, number] => [i / 100, i % 2]);
    expect(overlapOf([box(0, 0, 1, 1)], [ring(...saw, [5, -1], [0, -1])])).toBeNull();
  });
});
