// Positions as people write them. One text, one position: what could be read in two ways is refused, never guessed.
//
//   46.4, 6.55        46.4N 6.55E       N46.4 E006.55          decimal degrees
//   46 24.0N 006 33.0E                  46°24.0'N 6°33.0'E     degrees and minutes
//   46 24 00 N 006 33 00 E              462400N 0063300E       degrees, minutes, seconds
//   32TLS1234567890                     31T GM 12 34           MGRS: the centre of its square
import { toPoint } from "mgrs";

export interface Position {
  lat: number;
  lng: number;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; rule: ParseRule };
// The keys of the texts that say what is wrong.
export type ParseRule =
  | "parse.position"
  | "parse.latitude"
  | "parse.longitude"
  | "parse.minutes"
  | "parse.hemisphere"
  | "parse.mgrs"
  | "parse.height"
  | "parse.length"
  | "parse.time"
  | "parse.time_order"
  | "parse.points";

const fail = (rule: ParseRule): { ok: false; rule: ParseRule } => ({ ok: false, rule });

const mgrsForm = /^\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z]{2}(\d{2}|\d{4}|\d{6}|\d{8}|\d{10})$/;
const compactForm = /^(\d{2})(\d{2})(\d{2}(?:\.\d+)?)?([NS])(\d{3})(\d{2})(\d{2}(?:\.\d+)?)?([EW])$/;
// What people paste along: marks of degrees, primes, full-width and Unicode signs. Controls that turn the direction of
// text around are removed: they would show another order of digits than the one that is read.
const directionMarks = /[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/g;

function clean(text: string): string {
  return text
    .normalize("NFKC")
    .replace(directionMarks, "")
    .replace(/[−–—]/g, "-")
    .replace(/[°º'′’"″”]/g, " ")
    .toUpperCase()
    .trim();
}

interface Angle {
  degrees: number;
  hemisphere: string;
}

// "46 24 00", "46 24.5", "-46.4": up to three numbers, of which the last alone may have a fraction.
function angleOf(numbers: string[], hemisphere: string): Angle | ParseRule {
  const values = numbers.map(Number);
  if (values.length < 1 || values.length > 3 || values.some((v) => !Number.isFinite(v))) return "parse.position";
  if (numbers.slice(0, -1).some((n) => n.includes("."))) return "parse.position";
  const [degrees = 0, minutes = 0, seconds = 0] = values;
  if (minutes < 0 || minutes >= 60 || seconds < 0 || seconds >= 60) return "parse.minutes";
  const negative = numbers[0]!.startsWith("-");
  if (negative && (hemisphere !== "" || values.length > 1)) return "parse.hemisphere";
  const size = Math.abs(degrees) + minutes / 60 + seconds / 3600;
  return { degrees: negative || hemisphere === "S" || hemisphere === "W" ? -size : size, hemisphere };
}

function inBounds(lat: number, lng: number): Parsed<Position> {
  if (!(Math.abs(lat) <= 90)) return fail("parse.latitude");
  if (!(Math.abs(lng) <= 180)) return fail("parse.longitude");
  // The node keeps 1e-9 degree.
  const round = (degrees: number): number => Math.round(degrees * 1e9) / 1e9;
  return { ok: true, value: { lat: round(lat), lng: round(lng) } };
}

function ofMgrs(text: string): Parsed<Position> {
  try {
    const [lng, lat] = toPoint(text);
    return inBounds(lat, lng);
  } catch {
    return fail("parse.mgrs");
  }
}

// Groups of numbers each with its letter, before or behind: [["46","24"],"N"].
function groupsOf(text: string): { numbers: string[]; letter: string }[] | null {
  const tokens = text.match(/[NSEW]|-?\d+(?:\.\d+)?|[^\s,;]/g) ?? [];
  if (tokens.some((token) => !/^([NSEW]|-?\d+(\.\d+)?)$/.test(token))) return null;
  const leads = /^[NSEW]$/.test(tokens[0] ?? "");
  const groups: { numbers: string[]; letter: string }[] = [];
  let open: string[] = [];
  let letter = "";
  for (const token of tokens) {
    if (!/^[NSEW]$/.test(token)) {
      open.push(token);
    } else if (leads) {
      if (letter) groups.push({ numbers: open, letter });
      letter = token;
      open = [];
    } else {
      groups.push({ numbers: open, letter: token });
      open = [];
    }
  }
  if (leads) groups.push({ numbers: open, letter });
  else if (open.length > 0) groups.push({ numbers: open, letter: "" });
  return groups;
}

export function parsePosition(input: string): Parsed<Position> {
  const text = clean(input);
  const packed = text.replace(/\s+/g, "");
  if (mgrsForm.test(packed)) return ofMgrs(packed);
  const compact = compactForm.exec(packed);
  if (compact) {
    const [, d1 = "", m1 = "", s1, h1 = "", d2 = "", m2 = "", s2, h2 = ""] = compact;
    return together(angleOf([d1, m1, ...(s1 ? [s1] : [])], h1), angleOf([d2, m2, ...(s2 ? [s2] : [])], h2));
  }
  const groups = groupsOf(text);
  if (!groups) return fail("parse.position");
  if (groups.length === 1 && groups[0]!.letter === "" && groups[0]!.numbers.length === 2) {
    // Without letters: latitude first, each a decimal number.
    const [lat = "", lng = ""] = groups[0]!.numbers;
    return together(angleOf([lat], ""), angleOf([lng], ""));
  }
  if (groups.length !== 2 || groups.some((g) => g.letter === "")) return fail("parse.position");
  return together(angleOf(groups[0]!.numbers, groups[0]!.letter), angleOf(groups[1]!.numbers, groups[1]!.letter));
}

function together(first: Angle | ParseRule, second: Angle | ParseRule): Parsed<Position> {
  if (typeof first === "string") return fail(first);
  if (typeof second === "string") return fail(second);
  const isLat = (h: string): boolean => h === "N" || h === "S";
  if (first.hemisphere === "") return inBounds(first.degrees, second.degrees);
  if (isLat(first.hemisphere) === isLat(second.hemisphere)) return fail("parse.hemisphere");
  const [lat, lng] = isLat(first.hemisphere) ? [first, second] : [second, first];
  return inBounds(lat.degrees, lng.degrees);
}

// One position a line, or several in one line with semicolons or slashes between them.
export function parsePositions(input: string): Parsed<Position[]> {
  const parts = input.split(/[\n;/]+/).filter((part) => part.trim() !== "");
  const positions: Position[] = [];
  for (const part of parts) {
    const one = parsePosition(part);
    if (!one.ok) return one;
    positions.push(one.value);
  }
  return positions.length > 0 ? { ok: true, value: positions } : fail("parse.points");
}

function degreesMinutesSeconds(degrees: number, positive: string, negative: string, width: number): string {
  const tenths = Math.round(Math.abs(degrees) * 36_000);
  const d = String(Math.floor(tenths / 36_000)).padStart(width, "0");
  const m = String(Math.floor((tenths % 36_000) / 600)).padStart(2, "0");
  const s = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${d}°${m}′${s}″${degrees < 0 ? negative : positive}`;
}

// To 3 m: enough to look at; the exact value is in the declaration.
export function formatPosition({ lat, lng }: Position): string {
  return `${degreesMinutesSeconds(lat, "N", "S", 2)} ${degreesMinutesSeconds(lng, "E", "W", 3)}`;
}

// To be edited: every digit that the node keeps, so that what nobody touched is the same again.
export function typedPosition({ lat, lng }: Position): string {
  const digits = (degrees: number): string => degrees.toFixed(9).replace(/\.?0+$/, "");
  return `${digits(lat)}, ${digits(lng)}`;
}

export function formatDecimal({ lat, lng }: Position): string {
  return `${+lat.toFixed(6)}, ${+lng.toFixed(6)}`;
}
