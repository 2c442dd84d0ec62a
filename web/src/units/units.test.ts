import { beforeAll, describe, expect, it, vi } from "vitest";

vi.mock("../state/settings.ts", () => ({ settings: { value: { height: "ft", distance: "NM" } } }));

import { formatPosition, parsePosition, parsePositions } from "./coordinates.ts";
import { formatBand, formatHeight, formatLength_m, metresOf, parseHeight, parseLength, roughHeight_m } from "./measures.ts";
import { formatSpan, formatUtc, parseTime } from "./time.ts";

const at = (text: string): { lat: number; lng: number } => {
  const parsed = parsePosition(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.rule}`);
  return parsed.value;
};

describe("positions", () => {
  it("reads every common form of one place alike", () => {
    for (const text of [
      "46.4, 6.55",
      "46.4 6.55",
      "46.4N 6.55E",
      "N46.4 E006.55",
      "6.55E 46.4N",
      "46 24N 6 33E",
      "46°24'N 6°33'E",
      "46° 24′ 00″ N, 6° 33′ 00″ E",
      "462400N 0063300E",
      "4624N00633E",
      "  n 46 24 00  e 6 33 00 ",
      "46\u200f.4, 6.55",
    ]) {
      expect(at(text).lat, text).toBeCloseTo(46.4, 9);
      expect(at(text).lng, text).toBeCloseTo(6.55, 9);
    }
  });

  it("keeps the signs of the hemispheres", () => {
    expect(at("33 52 10S 151 12 30W")).toEqual({ lat: -33.869444444, lng: -151.208333333 });
    expect(at("-33.5, -151.25")).toEqual({ lat: -33.5, lng: -151.25 });
  });

  it("reads MGRS to the centre of its square", () => {
    const { lat, lng } = at("31U DQ 48251 11932");
    expect(lat).toBeCloseTo(48.8582, 3);
    expect(lng).toBeCloseTo(2.2945, 3);
  });

  it.each([
    ["", "parse.position"],
    ["46.4", "parse.position"],
    ["91, 6", "parse.latitude"],
    ["46, 181", "parse.longitude"],
    ["1e308, 1e308", "parse.position"],
    ["46 60N 6 0E", "parse.minutes"],
    ["46.5 30N 6 0E", "parse.position"],
    ["46N 47N", "parse.hemisphere"],
    ["-46N 6E", "parse.hemisphere"],
    ["46 24 6 33", "parse.position"],
    ["<b>46</b>, 6", "parse.position"],
    ["NaN, NaN", "parse.position"],
    ["46,4 6,55", "parse.position"],
  ])("refuses %j and says why", (text, rule) => {
    expect(parsePosition(text)).toEqual({ ok: false, rule });
  });

  it("removes marks that turn the digits around, as the eye would see another number", () => {
    expect(at("\u202e46.4, 6.55\u202c")).toEqual({ lat: 46.4, lng: 6.55 });
  });

  it("reads back what it shows, within its rounding", () => {
    for (let i = 0; i < 200; ++i) {
      const place = { lat: -90 + (i * 180) / 199, lng: -180 + ((i * 7919) % 360) };
      const again = at(formatPosition(place));
      expect(Math.abs(again.lat - place.lat)).toBeLessThan(0.05 / 3600 + 1e-9);
      expect(Math.abs(again.lng - place.lng)).toBeLessThan(0.05 / 3600 + 1e-9);
    }
  });

  it("reads several", () => {
    const all = parsePositions("46.4, 6.5\n46.5, 6.5; 46.5, 6.6");
    expect(all.ok && all.value.length).toBe(3);
    expect(parsePositions("46.4, 6.5\nnowhere")).toEqual({ ok: false, rule: "parse.position" });
    expect(parsePositions(" \n")).toEqual({ ok: false, rule: "parse.points" });
  });
});

describe("measures", () => {
  it("reads heights with their reference", () => {
    expect(parseHeight("FL240")).toEqual({ ok: true, value: { value: 240, reference: "STD", units: "FL" } });
    expect(parseHeight("4500")).toEqual({ ok: true, value: { value: 4500, reference: "AMSL", units: "FT" } });
    expect(parseHeight("1200 m agl")).toEqual({ ok: true, value: { value: 1200, reference: "AGL", units: "M" } });
    expect(parseHeight("unl")).toEqual({ ok: true, value: { unlimited: true } });
    expect(parseHeight("SFC")).toEqual({ ok: true, value: { value: 0, reference: "AGL", units: "M" } });
    for (const bad of ["", "high", "FL", "12,000", "1e9", "99999999"]) expect(parseHeight(bad).ok, bad).toBe(false);
  });

  it("reads back what it shows", () => {
    for (const value of [-400, 0.3, 999, 3281, 12_000, 123_456]) {
      for (const reference of ["AMSL", "AGL"] as const) {
        const again = parseHeight(formatHeight({ value, reference, units: "FT" }));
        expect(again).toEqual({ ok: true, value: { value: Math.round(value) || 0, reference, units: "FT" } });
      }
    }
    const far = parseLength(formatLength_m(2_000_000));
    expect(far.ok && metresOf(far.value)).toBeCloseTo(2_000_000, -2);
    for (const bad of ["1 20 ft", "12 34", "1 2345 m", "FL1 000"]) expect(parseHeight(bad).ok, bad).toBe(false);
  });

  it("says once what both limits have in common", () => {
    const at = (value: number, reference: "AMSL" | "AGL" = "AMSL") => ({ value, reference, units: "FT" as const });
    expect(formatBand(at(3000), at(6000))).toBe("3\u202f000 – 6\u202f000 ft AMSL");
    expect(formatBand(at(3000, "AGL"), at(6000))).toBe("3\u202f000 ft AGL – 6\u202f000 ft AMSL");
    expect(formatBand(at(0, "AGL"), at(500, "AGL"))).toBe("SFC – 500 ft AGL");
    expect(formatBand(at(3000), { unlimited: true })).toBe("3\u202f000 ft AMSL – UNL");
    const level = (value: number) => ({ value, reference: "STD" as const, units: "FL" as const });
    expect(formatBand(level(95), level(240))).toBe("FL095 – FL240");
  });

  it("shows heights in the units that are set", () => {
    expect(formatHeight({ value: 3000, reference: "AMSL", units: "M" })).toBe("9\u202f843 ft AMSL");
    expect(formatHeight({ value: 0, reference: "AGL", units: "M" })).toBe("SFC");
    expect(formatHeight({ value: 8000, reference: "STD", units: "FT" })).toBe("FL080");
    expect(formatHeight({ value: 2438.4, reference: "STD", units: "M" })).toBe("FL080");
    expect(formatHeight({ value: 8050, reference: "STD", units: "FT" })).toBe("8\u202f050 ft STD");
    expect(roughHeight_m({ value: 100, reference: "STD", units: "FL" })).toBeCloseTo(3048);
  });

  it("reads lengths", () => {
    const three = parseLength("3");
    expect(three.ok && metresOf(three.value)).toBe(5556);
    const metres = parseLength("900m");
    expect(metres.ok && metresOf(metres.value)).toBe(900);
    for (const bad of ["", "0", "-3", "3 mi", "1e3"]) expect(parseLength(bad).ok, bad).toBe(false);
    expect(formatLength_m(9260)).toBe("5 NM");
  });
});

describe("times", () => {
  const now = Date.parse("2026-12-31T22:15:40Z");
  const read = (text: string): string => {
    const parsed = parseTime(text, now);
    return parsed.ok ? parsed.value : parsed.rule;
  };
  beforeAll(() => {
    process.env.TZ = "Asia/Jerusalem";
  });

  it("reads UTC in the ways that it is typed", () => {
    expect(read("2330")).toBe("2026-12-31T23:30:00Z");
    expect(read("23:30Z")).toBe("2026-12-31T23:30:00Z");
    expect(read("0130")).toBe("2027-01-01T01:30:00Z");
    expect(read("2200")).toBe("2026-12-31T22:00:00Z");
    expect(read("+45")).toBe("2026-12-31T23:00:00Z");
    expect(read("02 0600")).toBe("2027-01-02T06:00:00Z");
    expect(read("2027-02-28T06:00Z")).toBe("2027-02-28T06:00:00Z");
    expect(read("2027-02-28 06:00:05Z")).toBe("2027-02-28T06:00:05Z");
    expect(read("12-30 06:00Z")).toBe("2026-12-30T06:00:00Z");
    expect(read("01-01 01:30Z")).toBe("2027-01-01T01:30:00Z");
    expect(read("13-01 01:30Z")).toBe("parse.time");
  });

  it("refuses what is no time, or has another zone", () => {
    for (const bad of ["", "25:00", "2027-02-30T06:00Z", "06:00+02:00", "noon", "9999-01-01T00:00Z", "1260"]) {
      expect(read(bad), bad).toBe("parse.time");
    }
  });

  it("shows them", () => {
    expect(formatUtc("2026-12-31T23:30:05Z", now)).toBe("23:30Z");
    expect(formatUtc("2027-01-01T01:30:00Z", now)).toBe("01-01 01:30Z");
    expect(formatUtc("open", now)).toBe("—");
    expect(formatSpan(-65_000)).toBe("1:05");
    expect(formatSpan(3_700_000)).toBe("1 h 01");
  });
});
