// Heights and lengths: read as typed, shown in the units that the person has set. A declaration keeps the units in which
// it was given.
import type { Altitude, Length } from "../api/types.ts";
import { settings } from "../state/settings.ts";
import type { Parsed } from "./coordinates.ts";

export const m_per_ft = 0.3048;
export const m_per_nm = 1852;

// As it is typed, and as it is shown here, with a space before every three digits.
const plain = (input: string): string =>
  input.normalize("NFKC").trim().toUpperCase().replace("−", "-").replace(/(?<=\d)\s(?=\d{3}(?!\d))/g, "");

// "FL240", "24000ft AMSL", "1200 m AGL", "SFC", "UNL". Without a unit the person's own; without a reference AMSL.
export function parseHeight(input: string): Parsed<Altitude> {
  const text = plain(input);
  if (text === "UNL") return { ok: true, value: { unlimited: true } };
  if (text === "SFC" || text === "GND") return { ok: true, value: { value: 0, reference: "AGL", units: "M" } };
  const level = /^FL\s*(\d{1,3})$/.exec(text);
  if (level) return { ok: true, value: { value: Number(level[1]), reference: "STD", units: "FL" } };
  const other = /^(-?\d{1,6}(?:\.\d{1,3})?)\s*(FT|M)?\s*(AMSL|AGL|W84|STD|MSL)?$/.exec(text);
  if (!other) return { ok: false, rule: "parse.height" };
  const units = (other[2] as "FT" | "M" | undefined) ?? (settings.value.height === "ft" ? "FT" : "M");
  const reference = (other[3] === "MSL" ? "AMSL" : (other[3] ?? "AMSL")) as "AMSL" | "AGL" | "W84" | "STD";
  return { ok: true, value: { value: Number(other[1]), reference, units } };
}

// "3", "3 NM", "5.5km", "900 m". Without a unit the person's own.
export function parseLength(input: string): Parsed<Length> {
  const found = /^(\d{1,6}(?:\.\d{1,6})?)\s*(NM|KM|M|FT)?$/.exec(plain(input));
  if (!found || Number(found[1]) <= 0) return { ok: false, rule: "parse.length" };
  const units = (found[2] as Length["units"] | undefined) ?? (settings.value.distance === "NM" ? "NM" : "KM");
  return { ok: true, value: { value: Number(found[1]), units } };
}

export function metresOf({ value, units }: Length): number {
  return value * { M: 1, KM: 1000, NM: m_per_nm, FT: m_per_ft }[units];
}

// As if every reference were the same: to draw with, never to decide with.
export function roughHeight_m(altitude: Altitude, unlimited_m = 20_000): number {
  if ("unlimited" in altitude) return unlimited_m;
  return altitude.value * { M: 1, FT: m_per_ft, FL: 100 * m_per_ft }[altitude.units];
}

const grouped = (value: number, digits = 0): string =>
  value.toLocaleString("en", { maximumFractionDigits: digits }).replaceAll(",", "\u202f").replace("-", "−");

export function formatLength_m(m: number): string {
  if (settings.value.distance === "NM") {
    return m < 0.1 * m_per_nm ? `${grouped(m / m_per_ft)} ft` : `${grouped(m / m_per_nm, 1)} NM`;
  }
  return m < 1000 ? `${grouped(m)} m` : `${grouped(m / 1000, 1)} km`;
}

export function formatHeight_m(m: number): string {
  return settings.value.height === "ft" ? `${grouped(m / m_per_ft)} ft` : `${grouped(m)} m`;
}

export function formatLength(length: Length): string {
  return formatLength_m(metresOf(length));
}

// A pressure height is a flight level where it is a whole one, in whichever unit it was given.
function levelOf({ value, units, reference }: Exclude<Altitude, { unlimited: true }>): number | null {
  if (reference !== "STD") return null;
  const level = units === "FL" ? value : (value * { M: 1, FT: m_per_ft }[units]) / (100 * m_per_ft);
  return level >= 0 && level < 1000 && Math.abs(level - Math.round(level)) < 0.001 ? Math.round(level) : null;
}

export function formatHeight(altitude: Altitude): string {
  if ("unlimited" in altitude) return "UNL";
  const level = levelOf(altitude);
  if (level !== null) return `FL${String(level).padStart(3, "0")}`;
  if (altitude.value === 0 && altitude.reference === "AGL") return "SFC";
  return `${formatHeight_m(roughHeight_m(altitude))} ${altitude.reference}`;
}

// Lower and upper limit; what both have in common is said once.
export function formatBand(lower: Altitude, upper: Altitude): string {
  const [from, to] = [formatHeight(lower), formatHeight(upper)];
  const tail = "unlimited" in upper ? "" : ` ${settings.value.height} ${upper.reference}`;
  return tail && from.endsWith(tail) && to.endsWith(tail) ? `${from.slice(0, -tail.length)} – ${to}` : `${from} – ${to}`;
}

// As it was given, to be typed again or changed.
export function typedHeight(altitude: Altitude): string {
  if ("unlimited" in altitude) return "UNL";
  if (altitude.units === "FL") return `FL${altitude.value}`;
  return `${altitude.value} ${altitude.units.toLowerCase()} ${altitude.reference}`;
}

export function typedLength({ value, units }: Length): string {
  return `${value} ${units === "NM" ? units : units.toLowerCase()}`;
}
