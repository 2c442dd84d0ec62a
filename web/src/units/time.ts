// Times: UTC always, the local time of this desk beside it. Typed times are UTC.
import type { Parsed } from "./coordinates.ts";

const two = (n: number): string => String(n).padStart(2, "0");
const minute_ms = 60_000;
const day_ms = 24 * 60 * minute_ms;
const half_year_ms = 183 * day_ms;

// "1430", "14:30" (the next one within a day), "+30" (minutes from now), "22 1430" (day and time of this month or the
// next), "01-15 14:30" (as it is shown: of this year, or of the next if that is half a year past), "2027-01-15T14:30Z". A
// letter Z behind is allowed, another zone is not.
export function parseTime(input: string, now_ms: number): Parsed<string> {
  const text = input.normalize("NFKC").trim().toUpperCase().replace(/Z$/, "").trim();
  const base = new Date(Math.floor(now_ms / minute_ms) * minute_ms);
  const later = /^\+(\d{1,5})$/.exec(text);
  if (later) return done(base.getTime() + Number(later[1]) * minute_ms);
  const whole = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):?(\d{2})(?::(\d{2}))?$/.exec(text);
  if (whole) return utc(whole.slice(1).map((part) => Number(part ?? 0)));
  const dated = /^(\d{2})-(\d{2}) (\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (dated) {
    const parts = dated.slice(1).map((part) => Number(part ?? 0));
    const year = base.getUTCFullYear();
    const found = utc([year, ...parts]);
    return found.ok && Date.parse(found.value) < now_ms - half_year_ms ? utc([year + 1, ...parts]) : found;
  }
  const short = /^(?:(\d{1,2})[ /])?(\d{2}):?(\d{2})$/.exec(text);
  if (!short) return { ok: false, rule: "parse.time" };
  const [, dayText, hours = "", minutes = ""] = short;
  const [y, m, d] = [base.getUTCFullYear(), base.getUTCMonth() + 1, base.getUTCDate()];
  const first = utc([y, m, dayText ? Number(dayText) : d, Number(hours), Number(minutes), 0]);
  if (!first.ok || Date.parse(first.value) > now_ms - 6 * 60 * minute_ms) return first;
  if (!dayText) return done(Date.parse(first.value) + day_ms);
  return m === 12
    ? utc([y + 1, 1, Number(dayText), Number(hours), Number(minutes), 0])
    : utc([y, m + 1, Number(dayText), Number(hours), Number(minutes), 0]);
}

function done(ms: number): Parsed<string> {
  const date = new Date(ms);
  if (Number.isNaN(ms) || date.getUTCFullYear() > 2200 || date.getUTCFullYear() < 1970) {
    return { ok: false, rule: "parse.time" };
  }
  return { ok: true, value: `${date.toISOString().slice(0, 19)}Z` };
}

// The 31st of June is refused and not turned into July.
function utc([y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0]: number[]): Parsed<string> {
  const ms = Date.UTC(y, mo - 1, d, h, mi, s);
  const date = new Date(ms);
  const same = date.getUTCMonth() === mo - 1 && date.getUTCDate() === d && date.getUTCHours() === h && mi < 60 && s < 60;
  return same ? done(ms) : { ok: false, rule: "parse.time" };
}

// "14:30:05Z"; with the date where it is not that of `now`.
export function formatUtc(time: string, now_ms?: number, seconds = false): string {
  if (time === "open") return "—";
  const date = new Date(time);
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}${seconds ? `:${two(date.getUTCSeconds())}` : ""}Z`;
  const day = date.toISOString().slice(5, 10);
  const today = now_ms !== undefined && new Date(now_ms).toISOString().slice(5, 10) === day;
  return now_ms === undefined || today ? clock : `${day} ${clock}`;
}

// The same moment here: "16:30 +02:00".
export function formatLocal(time: string | number): string {
  const date = new Date(time);
  const offset_min = -date.getTimezoneOffset();
  const sign = offset_min < 0 ? "−" : "+";
  const size = Math.abs(offset_min);
  return `${two(date.getHours())}:${two(date.getMinutes())} ${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

// "in 12:05", "3:20 ago" without the words: minutes and seconds, hours above an hour, days above two.
export function formatSpan(ms: number): string {
  const s = Math.floor(Math.abs(ms) / 1000);
  if (s >= 48 * 3600) return `${Math.floor(s / 86_400)} d`;
  if (s >= 3600) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))}`;
  return `${Math.floor(s / 60)}:${two(s % 60)}`;
}
