import { describe, expect, it, vi } from "vitest";

vi.mock("../state/settings.ts", () => ({ settings: { value: { height: "ft", distance: "NM" } } }));

import type { Declaration } from "../api/types.ts";
import { type Draft, draftOf, emptyDraft, make } from "./draft.ts";

const now = Date.parse("2027-01-15T10:00:00Z");
const complete: Draft = { ...emptyDraft, points: "46.4, 6.5", start: "1100", end: "1200" };

describe("the form of a notice", () => {
  it("makes a declaration of what is typed", () => {
    expect(make(complete, now)).toEqual({
      errors: {},
      declaration: {
        kind: "activity",
        data_mode: "REAL",
        confidence: "planned",
        role_to_call: "duty officer",
        volumes: [
          {
            outline_circle: { center: { lat: 46.4, lng: 6.5 }, radius: { value: 5, units: "NM" } },
            altitude_lower: { value: 0, reference: "AGL", units: "M" },
            altitude_upper: { value: 100, reference: "STD", units: "FL" },
            time_start: "2027-01-15T11:00:00Z",
            time_end: "2027-01-15T12:00:00Z",
          },
        ],
      },
    });
  });

  it("is the same after it was stored and opened again", () => {
    const drafts: Draft[] = [
      complete,
      { ...complete, kind: "hazard", hazardClass: "launch", source: "observed", end: "open", upper: "UNL", onBehalfOf: true },
      { ...complete, shape: "polygon", points: "46, 6\n46, 7\n47, 6.5", frequency: "121.5", kind: "zone", name: "Range 4" },
      { ...complete, shape: "corridor", points: "46, 6\n46, 7", extent: "2 km", activityClass: "transport" },
      // Nobody touched them: not even the last digit that the node keeps may go.
      { ...complete, points: "46.123456789, -0.000000012" },
      { ...complete, points: "-0.000000001, 179.999999999" },
    ];
    for (const draft of drafts) {
      const { declaration } = make(draft, now);
      expect(declaration).not.toBeNull();
      expect(make(draftOf(declaration as Declaration), now + 3_600_000).declaration).toEqual(declaration);
    }
  });

  it.each<[Partial<Draft>, keyof Draft, string]>([
    [{ points: "" }, "points", "parse.points"],
    [{ points: "46, 6\n47, 6" }, "points", "parse.points"],
    [{ shape: "polygon", points: "46, 6\n47, 6" }, "points", "parse.points"],
    [{ extent: "0" }, "extent", "parse.length"],
    [{ upper: "high" }, "upper", "parse.height"],
    [{ end: "1059" }, "end", "parse.time_order"],
    [{ start: "99:99" }, "start", "parse.time"],
  ])("says which field of %j is wrong", (part, field, rule) => {
    const made = make({ ...complete, ...part }, now);
    expect(made.declaration).toBeNull();
    expect(made.errors[field]).toBe(rule);
  });

  it("has no name for a flight or a hazard", () => {
    for (const kind of ["activity", "hazard"] as const) {
      expect(make({ ...complete, kind, name: "Operation" }, now).declaration?.name).toBeUndefined();
    }
  });

  it("keeps what it does not edit", () => {
    const { declaration } = make(complete, now);
    const two = { ...declaration!, volumes: [declaration!.volumes[0]!, declaration!.volumes[0]!], may_tell: ["x"] };
    expect(make(draftOf(two), now).declaration).toEqual(two);
  });
});
