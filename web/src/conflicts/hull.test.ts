import { describe, expect, it } from "vitest";
import "../testing/globals.ts";
import type { Declaration, Volume } from "../api/types.ts";
import { cornersOf, distance_m } from "../map/geometry.ts";
import { make } from "../notices/draft.ts";
import { metresOf } from "../units/measures.ts";
import { hullOf } from "./hull.ts";

const now = Date.parse("2027-01-15T08:00:00Z");

const volume = (lat: number, lng: number, more: Partial<Volume> = {}): Volume =>
  ({
    outline_polygon: { vertices: [{ lat, lng }, { lat, lng: lng + 0.7 }, { lat: lat + 0.3, lng: lng + 0.2 }] },
    altitude_lower: { value: 1000, reference: "AMSL", units: "M" },
    altitude_upper: { value: 9000, reference: "AMSL", units: "FT" },
    time_start: "2027-01-15T12:07:10Z",
    time_end: "2027-01-15T13:01:00Z",
    ...more,
  }) as Volume;

const plan = (...volumes: Volume[]): Declaration => ({ kind: "activity", data_mode: "REAL", activity_class: "transit", volumes }) as Declaration;

describe("a hull to declare in place of a plan", () => {
  it.each([
    ["one volume", plan(volume(46.123456, 7.654321))],
    ["two, apart", plan(volume(46.1, 7.1), volume(47.9, 6.2, { time_end: "2027-01-15T15:31:00Z" }))],
    ["across the antimeridian", plan(volume(-10, 179.6))],
    ["far north", plan(volume(78.2, 15.1))],
  ])("holds all of %s", (_, declared) => {
    const { declaration, errors } = make(hullOf(declared), now);
    expect(errors).toEqual({});
    const hull = declaration!.volumes[0]!;
    expect(declaration!.volumes.length).toBe(1);
    const { center, radius } = hull.outline_circle!;
    for (const corner of declared.volumes.flatMap(cornersOf)) expect(distance_m(center, corner)).toBeLessThan(metresOf(radius));
    for (const each of declared.volumes) {
      expect(Date.parse(hull.time_start)).toBeLessThanOrEqual(Date.parse(each.time_start));
      expect(Date.parse(hull.time_end)).toBeGreaterThanOrEqual(Date.parse(each.time_end));
    }
    expect(hull.altitude_lower).toEqual(declared.volumes[0]!.altitude_lower);
    expect(hull.altitude_upper).toEqual(declared.volumes[0]!.altitude_upper);
  });

  it("says nothing finer than a hundredth of a degree, a nautical mile and ten minutes", () => {
    const hull = make(hullOf(plan(volume(46.123456, 7.654321))), now).declaration!.volumes[0]!;
    const { center, radius } = hull.outline_circle!;
    expect(Math.round(center.lat * 100) / 100).toBe(center.lat);
    expect(Math.round(center.lng * 100) / 100).toBe(center.lng);
    expect(Number.isInteger(radius.value) && radius.units === "NM").toBe(true);
    expect(Date.parse(hull.time_start) % 600_000).toBe(0);
  });

  it("leaves a limit to the person where heights are of two references", () => {
    const mixed = plan(volume(46, 7), volume(46, 7, { altitude_lower: { value: 100, reference: "AGL", units: "M" } } as Partial<Volume>));
    expect(hullOf(mixed).lower).toBe("");
    expect(hullOf(mixed).upper).toBe("9000 ft AMSL");
    expect(hullOf(plan(volume(46, 7, { altitude_upper: { unlimited: true } } as Partial<Volume>))).upper).toBe("UNL");
  });
});
