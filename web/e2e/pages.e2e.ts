// Every page that the console has, by its own table, and every dialog that may stand over one: no violation that axe-core
// finds by day, at night, in large type and from right to left.
import type { Browser } from "playwright-core";
import { expect, it } from "vitest";
import { type Names, type Path, paths } from "../src/state/paths.ts";
import { type Desk, go, openDesk, settled, shoot, violations } from "./browser.ts";
import { circle, eventually, minutesFromNow, type Pair } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;
// For each name in a path every kind of thing that it may stand for.
const things: Record<string, Names[]> = {};

useStage(async (stage) => {
  ({ pair, browser } = stage);
  const { north, south } = pair;
  const id = (): string => crypto.randomUUID();
  const [own, theirs, draft, plan, gone, clear, exchange] = [id(), id(), id(), id(), id(), id(), id()];
  await south.release(theirs, circle({ lat: 46.9, lng: 7.5 }, { kind: "hazard" }));
  await north.release(own, circle({ lat: 46.95, lng: 7.5 }));
  await north.api("duty", "PUT", `/v1/notices/${draft}`, { declaration: circle({ lat: 44, lng: 4 }), draft: true });
  await north.api("duty", "PUT", `/v1/notices/${plan}`, { declaration: circle({ lat: 46.95, lng: 7.52 }), held: true });
  await north.release(gone, circle({ lat: 43, lng: 3 }));
  await north.api("duty", "POST", "/v1/acts", { act: "withdraw", notice: gone, version: await digestOf(gone) });
  // The other side clears a hazard, and that is read back here.
  const version = await south.release(clear, circle({ lat: 42, lng: 2 }, { kind: "hazard", from: -5, to: 30, more: { hazard: { class: "laser", source: "own" } } }));
  await clearHazard(clear, version);
  const account = { exchange, level: "duty", channel: "voice", form: "unscheduled", subjects: ["hazard"], held_at: minutesFromNow(-20) };
  await north.api("duty", "POST", "/v1/acts", { act: "enter_exchange", ...account, initiated_by: "self" });
  const { agreements } = await north.api<{ agreements: { digest: string }[] }>("duty", "GET", "/v1/agreements");
  const found = await eventually("what the pages are of is there", async () => {
    const { conflicts } = await north.api<{ conflicts: { id: string; local?: boolean }[] }>("duty", "GET", "/v1/conflicts");
    const { calls } = await north.api<{ calls: { act: string; kind: string }[] }>("duty", "GET", "/v1/calls?limit=500");
    const both = [conflicts.find((each) => each.local), conflicts.find((each) => !each.local)];
    const act = calls.find((call) => call.kind === "all_clear")?.act;
    return both[0] && both[1] && act ? { conflicts: both.map((each) => each!.id), act } : null;
  });
  const of = (name: string, ...values: string[]): Names[] => values.map((value) => ({ [name]: value }));
  things["notices/give/:notice"] = of("notice", own, draft, plan);
  things["notices/:notice"] = of("notice", own, theirs, draft, plan, gone, clear);
  things["notices/:notice/readback"] = of("notice", theirs);
  things["notices/:notice/readback/:act"] = [{ notice: clear, act: found.act }];
  things["conflicts/:conflict"] = of("conflict", ...found.conflicts);
  things["record/exchanges/:exchange"] = of("exchange", exchange);
  things["agreements/:agreement"] = of("agreement", agreements[0]!.digest);
}, { agreement: (text) => text.replace(/^laser = 5$/m, "laser = 0") });

const digestOf = async (id: string): Promise<string> =>
  (await pair.north.api<{ notice: { latest: { digest: string } } }>("duty", "GET", `/v1/notices/${id}`)).notice.latest.digest;

async function clearHazard(notice: string, version: string): Promise<void> {
  const { south } = pair;
  await south.api("duty", "POST", "/v1/acts", { act: "set_active", notice, version });
  await south.api("duty", "POST", "/v1/acts", { act: "set_ended", notice, version });
  await eventually("it is cleared", async () => {
    await south.api("supervisor", "POST", "/v1/acts", { act: "all_clear", notice, version, no_longer_observed: false });
    return true;
  });
}

const modes = {
  "by day": {},
  "at night": { night: true },
  "in large type": { large: true },
  "from right to left": { language: "he" },
  "from right to left at night, in large type": { language: "ar", night: true, large: true },
} as const;

// Every address of a path: a path with names that nothing was made for here is an error, not a page left out.
function addresses(path: Path): string[][] {
  if (!path.includes(":")) return [path.split("/")];
  const found = things[path];
  if (!found?.length) throw new Error(`nothing is known to show at ${path}: make something in this file`);
  return found.map((names) => path.split("/").map((part) => (part.startsWith(":") ? names[part.slice(1)]! : part)));
}

// Dialogs by the key that opens them.
const dialogs = { "stop call": "Shift+S", "unplanned hazard": "Shift+H", settings: ",", keys: "?" } as const;

async function show(desk: Desk, path: Path, parts: string[]): Promise<void> {
  const { page } = desk;
  await go(desk, ...parts);
  await page.locator(`main[data-path="${path}"]`).waitFor();
  await page.locator("#main h1").first().waitFor({ state: "attached" });
  await settled(page);
}

it.each(Object.entries(modes))("has no violation %s", { timeout: 400_000 }, async (_, mode) => {
  const desk = await openDesk(browser, pair.north, "duty", mode);
  const { page, context, faults } = desk;
  await page.locator(`html[lang="${"language" in mode ? mode.language : "en"}"]`).waitFor({ state: "attached" });
  const found: string[] = [];
  const judge = async (what: string): Promise<void> => {
    for (const each of await violations(page)) found.push(`${what}: ${each}`);
  };
  for (const path of paths) {
    for (const parts of addresses(path)) {
      await show(desk, path, parts);
      await judge(parts.join("/"));
    }
    if ("night" in mode) await shoot(page, `${"language" in mode ? "rtl-night" : "night"}-${path.replaceAll("/", "-").replaceAll(":", "")}`);
  }
  await show(desk, "watch", ["watch"]);
  for (const [what, key] of Object.entries(dialogs)) {
    await page.locator("#main").focus();
    await page.keyboard.press(key);
    await page.getByRole("dialog").waitFor();
    await judge(what);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  }
  // The second person's entry, and the read-back once its values are gone.
  await show(desk, "notices/:notice", ["notices", things["notices/:notice"]![2]!.notice!]);
  await page.locator("section.panel button.primary").first().click();
  await page.getByRole("dialog").waitFor();
  await judge("entry by the second person");
  await page.keyboard.press("Escape");
  await show(desk, "notices/:notice/readback", ["notices", things["notices/:notice/readback"]![0]!.notice!, "readback"]);
  await page.locator("section.panel button.primary").click();
  await page.locator("form.panel").waitFor();
  await judge("read-back, entering");
  // A session that is over, and the first page of all.
  await context.clearCookies();
  await page.reload();
  await page.locator('input[name="username"]').waitFor();
  await judge("sign-in");
  expect(found).toEqual([]);
  expect(faults).toEqual([]);
  await context.close();
});
