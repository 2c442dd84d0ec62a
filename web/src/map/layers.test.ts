import { describe, expect, it, vi } from "vitest";

vi.mock("../state/settings.ts", () => ({ settings: { value: { height: "ft", distance: "NM" } } }));

import type { Notice } from "../api/types.ts";
import { filterOf, isShownAt, noticeFeatures } from "./layers.ts";

const at = (hours: string): number => Date.parse(`2027-01-15T${hours}:00Z`) / 1000;
const notice = (change: object, time_start = "2027-01-15T10:00:00Z", time_end = "2027-01-15T12:00:00Z"): Notice =>
  ({
    id: "n", party: { id: "p" }, kind: "activity", activity: "planned", recipients: [],
    latest: { disclosure: "declared", declaration: { volumes: [{ outline_circle: { center: { lat: 46, lng: 7 }, radius: { value: 5, units: "NM" } }, time_start, time_end }] } },
    ...change,
  }) as unknown as Notice;

// What the layers' filter says of the same notice: the words beside the slider must be of what is drawn.
const isDrawnAt = (one: Notice, at_s: number | null): boolean => {
  const [all, ...parts] = filterOf("notice-dot", at_s) as unknown as [string, ...[string, [string, string], number][]];
  expect(all).toBe("all");
  const shape = noticeFeatures(one, "p").dots[0]!.properties;
  return parts.slice(1).every(([how, [, name], value]) => {
    const found = shape[name as "s" | "e" | "over"];
    return how === "<=" ? found <= value : how === ">" ? found > value : found === value;
  });
};

describe("the time slider", () => {
  it.each<[string, Notice, string, string]>([
    ["what is planned within its window alone", notice({}), "09:59 12:00", "10:00 11:59"],
    ["what began early from then on", notice({ activity: "active", started_at: "2027-01-15T09:30:20Z" }), "09:28 12:00", "09:30 10:00"],
    ["what ended early until then", notice({ activity: "ended", started_at: "2027-01-15T10:00:00Z", ended_at: "2027-01-15T11:00:00Z" }), "11:00 11:30", "10:30 10:59"],
    ["a hazard for as long as it is not clear", notice({ kind: "hazard", activity: "ended", ended_at: "2027-01-15T11:00:00Z" }), "09:59", "10:00 12:00 20:00"],
    ["a hazard until its all-clear", notice({ kind: "hazard", activity: "all_clear", ended_at: "2027-01-15T11:00:00Z", all_clear_at: "2027-01-15T13:00:00Z" }), "13:00 20:00", "11:30 12:59"],
    ["a hazard until it was no longer observed", notice({ kind: "hazard", activity: "no_longer_observed", ended_at: "2027-01-15T11:00:00Z" }), "11:00", "10:59"],
    ["what has no bounds always", notice({}, "open", "open"), "", "00:00 23:59"],
  ])("shows %s", (_, one, never, there) => {
    for (const [texts, shown] of [[never, false], [there, true]] as const) {
      for (const text of texts.split(" ").filter(Boolean)) {
        expect(isShownAt(one, at(text)), text).toBe(shown);
        expect(isDrawnAt(one, at(text)), text).toBe(shown);
      }
    }
  });

  it("leaves what is over to the past", () => {
    for (const activity of ["planned", "active"]) expect(isDrawnAt(notice({ activity }), null)).toBe(true);
    expect(isDrawnAt(notice({ activity: "ended" }), null)).toBe(false);
    expect(isDrawnAt(notice({ kind: "hazard", activity: "ended" }), null)).toBe(true);
    for (const activity of ["all_clear", "no_longer_observed"]) expect(isDrawnAt(notice({ kind: "hazard", activity }), null)).toBe(false);
  });
});
