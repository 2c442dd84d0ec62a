import { describe, expect, it, vi } from "vitest";

vi.mock("../state/settings.ts", () => ({ settings: { value: { height: "ft", distance: "NM" } } }));

import type { Notice } from "../api/types.ts";
import { handlesOf, pointedAt, ringsOfSketch, type Sketch, snapPoints, withClick, withMove } from "./draw.ts";
import { distance_m } from "./geometry.ts";

const centre = { lat: 46, lng: 7 };
const north = { lat: 46.1, lng: 7 };

describe("a sketch", () => {
  it("of a circle is its centre, then its rim to a tenth of a nautical mile", () => {
    const first = withClick({ shape: "circle", points: [] }, centre);
    expect(first).toEqual({ shape: "circle", points: [centre] });
    const second = withClick(first, north);
    expect(second.points).toEqual([centre]);
    expect(second.radius_m! / 1852).toBeCloseTo(6, 9);
    // A click on the centre is no circle of nothing.
    expect(withClick(first, centre).radius_m).toBe(185.2);
  });

  it("of a circle is moved by its centre and made wider by its rim", () => {
    const circle: Sketch = { shape: "circle", points: [centre], radius_m: 9260 };
    const handles = handlesOf(circle);
    expect(handles).toHaveLength(2);
    expect(distance_m(centre, handles[1]!)).toBeCloseTo(9260, 3);
    expect(withMove(circle, 0, north)).toEqual({ ...circle, points: [north] });
    const wider = withMove(circle, 1, north);
    expect(wider.points).toEqual([centre]);
    expect(wider.radius_m! / 1852).toBeCloseTo(6, 9);
  });

  it("of a line or a polygon takes each click, and a handle moves one position alone", () => {
    for (const shape of ["polygon", "corridor"] as const) {
      const three = [centre, north, { lat: 46, lng: 7.2 }].reduce(withClick, { shape, points: [], radius_m: 500 } as Sketch);
      expect(three.points).toHaveLength(3);
      expect(handlesOf(three)).toEqual(three.points);
      const moved = withMove(three, 1, { lat: 47, lng: 7 });
      expect(moved.points).toEqual([centre, { lat: 47, lng: 7 }, { lat: 46, lng: 7.2 }]);
      expect(moved.radius_m).toBe(500);
      expect(ringsOfSketch(moved).length).toBe(shape === "polygon" ? 1 : 2);
    }
  });

  it("knows each place by one longitude, however often the map went round", () => {
    for (const lng of [187, -173, 547, -533, -893]) expect(pointedAt({ lat: 1, lng })).toEqual({ lat: 1, lng: -173 });
    expect(pointedAt({ lat: 46.12345678, lng: 7.00000049 })).toEqual({ lat: 46.123457, lng: 7 });
  });

  it("snaps to zones and sites, to nothing of a flight or a hazard", () => {
    const of = (kind: string, outline: object): Notice => ({ kind, latest: { declaration: { volumes: [outline] } } }) as unknown as Notice;
    const vertices = [centre, north];
    expect(
      snapPoints([
        of("zone", { outline_polygon: { vertices } }),
        of("protected_site", { outline_circle: { center: { lat: 1, lng: 2 } } }),
        of("zone", { outline_corridor: { centreline: [{ lat: 3, lng: 4 }] } }),
        of("hazard", { outline_circle: { center: { lat: 5, lng: 6 } } }),
        of("activity", { outline_polygon: { vertices } }),
        { kind: "zone", latest: {} } as Notice,
      ]),
    ).toEqual([...vertices, { lat: 1, lng: 2 }, { lat: 3, lng: 4 }]);
  });
});
