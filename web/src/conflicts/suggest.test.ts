import { describe, expect, it, vi } from "vitest";

vi.mock("../state/settings.ts", () => ({ settings: { value: { height: "ft", distance: "NM" } } }));

import type { Altitude, Conflict, Notice, Volume } from "../api/types.ts";
import { destination, distance_m } from "../map/geometry.ts";
import { roughHeight_m } from "../units/measures.ts";
import { suggest } from "./suggest.ts";

const separation = { lateral_m: 9260, vertical_m: 600, time_s: 600 };
const now = Date.parse("2027-01-15T08:00:00Z");
const height = (value: number): Altitude => ({ value, reference: "AMSL", units: "M" });

function circle(lat: number, lng: number, radius_m: number, lower: number, upper: number, from = "10", to = "12"): Volume {
  return {
    outline_circle: { center: { lat, lng }, radius: { value: radius_m, units: "M" } },
    altitude_lower: height(lower), altitude_upper: height(upper),
    time_start: `2027-01-15T${from}:00:00Z`, time_end: `2027-01-15T${to}:00:00Z`,
  };
}
const noticeOf = (id: string, volume: Volume, kind = "activity"): Notice =>
  ({ id, kind, party: { id }, latest: { declaration: { kind, data_mode: "REAL", volumes: [volume] } } }) as unknown as Notice;

function conflictOf(gap_m: number): Conflict {
  return {
    separation, verdict: "certain",
    sides: [{ notice: "own" }, { notice: "other" }],
    pairs: [{
      lateral_gap_m: gap_m, closest: gap_m > 0 ? [{ lat: 46.9, lng: 7.1 }, { lat: 46.9, lng: 7.1 + gap_m / 76_000 }] : [],
      shortfall: { lateral_m: separation.lateral_m - gap_m, vertical_m: 700, time_s: 2700 },
      area: { south_west: { lat: 46.85, lng: 7.0 }, north_east: { lat: 46.95, lng: 7.2 } },
    }],
  } as unknown as Conflict;
}

describe("what would resolve a conflict", () => {
  const own = noticeOf("own", circle(46.9, 7.0, 5000, 1000, 2000));
  const other = noticeOf("other", circle(46.9, 7.2, 5000, 1500, 2500, "11", "13"));
  const found = suggest(conflictOf(5000), own, other, now);
  const of = (kind: string): Volume => found.find((s) => s.kind === kind)!.volumes[0]!;

  it("keeps the agreed time between the windows", () => {
    expect(Date.parse(of("later").time_start)).toBeGreaterThanOrEqual(Date.parse("2027-01-15T13:10:00Z"));
    expect(Date.parse(of("earlier").time_end)).toBeLessThanOrEqual(Date.parse("2027-01-15T10:50:00Z"));
    expect(Date.parse(of("later").time_end) - Date.parse(of("later").time_start)).toBe(2 * 3_600_000);
  });

  it("keeps the agreed height between the bands", () => {
    expect(roughHeight_m(of("higher").altitude_lower)).toBeGreaterThanOrEqual(2500 + separation.vertical_m);
    // Below the other there is no room: nothing is suggested into the ground.
    expect(found.some((s) => s.kind === "lower")).toBe(false);
  });

  it("keeps the agreed distance, past the last centimetre", () => {
    const centre = of("elsewhere").outline_circle!.center;
    expect(distance_m(centre, { lat: 46.9, lng: 7.2 }) - 10_000).toBeGreaterThan(separation.lateral_m);
  });

  it("keeps it too where the two overlap, in whatever direction", () => {
    for (let bearing = 0; bearing < 360; bearing += 15) {
      const at = destination({ lat: 46.9, lng: 7.1 }, bearing, 3000);
      const moved = suggest(conflictOf(0), noticeOf("own", circle(at.lat, at.lng, 5000, 1000, 2000)), noticeOf("other", circle(46.9, 7.1, 5000, 1000, 2000)), now);
      const centre = moved.find((s) => s.kind === "elsewhere")!.volumes[0]!.outline_circle!.center;
      expect(distance_m(centre, { lat: 46.9, lng: 7.1 }) - 10_000).toBeGreaterThan(separation.lateral_m);
    }
  });

  it("does not wait for the planned end of a hazard, which lasts until its all-clear", () => {
    const hazard = noticeOf("other", circle(46.9, 7.2, 5000, 1500, 2500, "11", "13"), "hazard");
    expect(suggest(conflictOf(5000), own, hazard, now).some((s) => s.kind === "later")).toBe(false);
  });

  it("does not move into the past", () => {
    const late = Date.parse("2027-01-15T09:50:00Z");
    expect(suggest(conflictOf(5000), own, other, late).some((s) => s.kind === "earlier")).toBe(false);
  });
});
