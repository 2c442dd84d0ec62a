// What else a desk has: alarms that are heard, line checks, the policy lane, warnings of an entry, the call
// script, units, statistics, accounts, third parties; all of it by the keyboard where that is what counts.
import type { Browser, Page } from "playwright-core";
import { expect, it } from "vitest";
import { paths } from "../src/state/paths.ts";
import { type Desk, go, openDesk, signIn, violations } from "./browser.ts";
import { circle, eventually, minutesFromNow, type Pair, password, patient } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;
let north: Desk;
let south: Desk;

useStage(async (stage) => {
  ({ pair, browser } = stage);
  [north, south] = await Promise.all([stage.desk(pair.north, "duty"), stage.desk(pair.south, "duty")]);
});

const call = (page: Page, what: string): ReturnType<Page["locator"]> => page.locator("article", { hasText: what });

it("has the two guarded buttons on every page, and takes two presses for either", async () => {
  const { page } = north;
  for (const path of paths.filter((each) => !each.includes(":"))) {
    await go(north, path);
    await page.locator(`main[data-path="${path}"]`).waitFor();
    for (const name of ["STOP CALL", "HAZARD NOW"]) expect(await page.getByRole("banner").getByRole("button", { name }).isEnabled(), `${name} at ${path}`).toBe(true);
  }
  await page.getByRole("banner").getByRole("button", { name: "STOP CALL" }).click();
  const dialog = page.getByRole("dialog");
  // It begins where one types, and not at the button that closes it.
  await expect.poll(() => dialog.getByLabel("Centre").evaluate((field) => field === document.activeElement), patient).toBe(true);
  await page.keyboard.type("46.1, 7.2");
  expect(await dialog.getByLabel("Centre").inputValue()).toBe("46.1, 7.2");
  await dialog.getByRole("button", { name: "STOP CALL" }).click();
  await dialog.getByRole("button", { name: "SEND THE STOP CALL NOW" }).waitFor();
  await page.keyboard.press("Escape");
  const { calls } = await pair.north.api<{ calls: { kind: string }[] }>("duty", "GET", "/v1/calls?limit=500");
  expect(calls.filter((each) => each.kind === "stop_call")).toEqual([]);
});

it("sounds until it is silenced, and sounds again for what comes anew", { timeout: 120_000 }, async () => {
  const { page } = south;
  await page.evaluate(() => {
    const heard = window as unknown as { tones: number };
    heard.tones = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...times) {
      heard.tones += 1;
      start.apply(this, times);
    };
  });
  const tones = (): Promise<number> => page.evaluate(() => (window as unknown as { tones: number }).tones);
  const stopCall = (): Promise<unknown> => pair.north.api("duty", "POST", "/v1/acts", { act: "stop_call", centre: { lat: 46, lng: 7 }, radius_m: 5000 });
  await go(south, "watch");
  await stopCall();
  await page.getByRole("alert").getByText("STOP CALL from north").waitFor();
  const first = await eventually("it sounds", tones);
  await expect.poll(tones, patient).toBeGreaterThan(first);
  await page.getByRole("button", { name: /Silence/ }).click();
  const silenced = await tones();
  await page.waitForTimeout(9_000);
  expect(await tones()).toBe(silenced);
  expect(await page.title()).toContain("STOP CALL from north");
  await stopCall();
  await expect.poll(tones, patient).toBeGreaterThan(silenced);
  for (let left = 2; left > 0; --left) await call(page, "Stop call").getByRole("button", { name: "stopped" }).first().click();
  await page.getByRole("alert").getByText("STOP CALL from north").waitFor({ state: "detached" });
});

it("makes a line check, answers it with the word that was heard, and shows the next one", async () => {
  await go(north, "line");
  await north.page.getByLabel("Challenge word").fill("TANGO 4 ALFA");
  await north.page.getByRole("button", { name: "Make a line check" }).click();
  await go(south, "watch");
  const check = south.page.locator("article", { hasText: "TANGO 4 ALFA" });
  await check.getByLabel("The word that you heard").fill("TANGO 4 ALFA");
  await check.getByRole("button", { name: "Answer the line check" }).click();
  await check.waitFor({ state: "detached" });
  const line = north.page.getByRole("main");
  await expect.poll(async () => line.locator("dt", { hasText: /^Our next line check$/ }).locator("xpath=following-sibling::dd[1]").innerText(), patient).toMatch(/\d\d:\d\dZ/);
  await go(north, "calls");
  await north.page.locator("article", { hasText: "TANGO 4 ALFA" }).getByText("answered").waitFor();
});

it("suspends the policy lane by a supervisor, says so on both sides, and resumes it", async () => {
  await go(north, "line");
  expect(await north.page.getByRole("button", { name: "Suspend the policy lane" }).isDisabled()).toBe(true);
  const head = await openDesk(browser, pair.north, "supervisor");
  await go(head, "line");
  await head.page.getByRole("button", { name: "Suspend the policy lane" }).click();
  await head.page.getByRole("button", { name: "SUSPEND NOW" }).click();
  await head.page.getByRole("main").getByText("Policy lane suspended by us").waitFor();
  await go(south, "line");
  await south.page.getByRole("main").getByText("Policy lane suspended by them").waitFor();
  await south.page.getByText("open, always").waitFor();
  await head.page.getByRole("button", { name: "Resume the policy lane" }).click();
  await south.page.getByText("Policy lane suspended by them").waitFor({ state: "detached" });
  expect(head.faults).toEqual([]);
  await head.context.close();
  await go(north, "calls");
  await north.page.getByRole("button", { name: "Write" }).click();
  await north.page.getByLabel("Text").fill("We move the firing of tomorrow to the afternoon.");
  await north.page.getByRole("button", { name: "Send on the policy lane" }).click();
  await go(south, "calls");
  await south.page.getByText("We move the firing of tomorrow to the afternoon.").waitFor();
});

it("warns of an entry with its time, sounds at the other side, and ends it when they have turned", async () => {
  await go(north, "calls");
  await north.page.getByRole("button", { name: "WARN OF AN ENTRY" }).click();
  const dialog = north.page.getByRole("dialog");
  await dialog.getByLabel("Centre").fill("46.3, 7.4");
  await dialog.getByLabel("Entry at (UTC)").fill("+12");
  await dialog.getByLabel("Call sign").fill("CIRRUS 21");
  expect(await violations(north.page)).toEqual([]);
  await dialog.getByRole("button", { name: "WARN OF AN ENTRY" }).click();
  await dialog.getByRole("button", { name: "SEND THE WARNING NOW" }).click();
  await dialog.waitFor({ state: "detached" });
  await south.page.getByRole("alert").getByText("WARNING OF AN ENTRY from north").waitFor();
  await go(south, "watch");
  await call(south.page, "Warning of an entry").getByRole("button", { name: "turning" }).click();
  const ours = call(north.page, "Warning of an entry");
  await ours.getByText("turning").waitFor();
  await ours.getByRole("button", { name: "They have turned" }).click();
  await ours.getByRole("button", { name: "They have turned" }).waitFor({ state: "detached" });
});

it("gives a notice by the keyboard alone", async () => {
  const { page } = north;
  const type = async (...fields: string[]): Promise<void> => {
    for (const [i, text] of fields.entries()) {
      if (i > 0) await page.keyboard.press("Tab");
      await page.keyboard.press("Control+a");
      await page.keyboard.type(text);
    }
  };
  await go(north, "watch");
  await page.locator("#main").focus();
  await page.keyboard.press("g");
  await expect.poll(() => page.evaluate(() => document.activeElement?.id && document.querySelector(`label[for="${document.activeElement.id}"]`)?.textContent), patient).toBe("Centre");
  await type("46 24N 006 33E", "3 NM", "3000 ft AMSL", "6000 ft AMSL", "+90", "+150");
  await page.getByText("none that is known here").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "To be released" }).waitFor();
  expect(await page.locator("#main").innerText()).toContain("46°24′00.0″N 006°33′00.0″E r 3 NM");
});

it("shows where the keyboard is at every stop, and reaches them all", { timeout: 120_000 }, async () => {
  const { page } = north;
  for (const path of ["watch", "notices/give", "line"]) {
    await go(north, path);
    await page.locator(`main[data-path="${path}"]`).waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const wanted = await page.locator("#main :is(a[href], button, input, select, textarea):visible:enabled").count();
    const seen = new Set<string>();
    for (let i = 0; i < wanted + 40; ++i) {
      await page.keyboard.press("Tab");
      const stop = await page.evaluate(() => {
        const at = document.activeElement as HTMLElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        const all = [...document.querySelectorAll("#main :is(a[href], button, input, select, textarea)")];
        return { index: all.indexOf(at), tag: at.tagName, outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 };
      });
      if (stop.index < 0) continue;
      expect(stop.outlined, `${path}: ${stop.tag} ${stop.index}`).toBe(true);
      seen.add(String(stop.index));
    }
    expect(seen.size, path).toBeGreaterThanOrEqual(wanted);
  }
});

it("has the call script in both languages, digit by digit, and marks what nobody has reviewed", async () => {
  const id = crypto.randomUUID();
  await pair.north.release(id, circle({ lat: 46, lng: 5 }, { kind: "hazard" }));
  await go(north, "notices", id);
  const { page } = north;
  await page.getByText("Call script for voice").click();
  await page.getByLabel("Language of the other centre").selectOption("ru");
  const row = page.getByRole("row", { name: /^live_firing/ });
  await row.getByText("live firing").waitFor();
  await row.getByText("боевые стрельбы").waitFor();
  await row.getByText("unreviewed").waitFor();
  await page.getByRole("row", { name: /^centre/ }).getByText("4 6°0 0′0 0.0″N 0 0 5°0 0′0 0.0″E").waitFor();
});

it("marks a third party as told, with what they answered", async () => {
  const id = crypto.randomUUID();
  await pair.south.release(id, circle({ lat: 45.5, lng: 5 }, { kind: "hazard" }));
  await eventually("south owes it", async () => {
    const { matters } = await pair.south.api<{ matters: { kind: string; notice?: string }[] }>("duty", "GET", "/v1/matters?open=true");
    return matters.some((matter) => matter.kind === "tell_third_party" && matter.notice === id);
  });
  await go(south, "notices", id);
  const parties = south.page.getByRole("region", { name: "Third parties to be told" });
  await parties.getByRole("button", { name: "Told, acknowledged" }).click();
  await parties.getByText("told", { exact: false }).first().waitFor();
  await parties.getByRole("button", { name: "Told, acknowledged" }).waitFor({ state: "detached" });
});

it("shows heights and distances in the units that are set, and times in UTC with the local time beside", async () => {
  const id = crypto.randomUUID();
  const start = minutesFromNow(60);
  await pair.north.release(id, circle({ lat: 46, lng: 4 }));
  await go(north, "notices", id);
  const content = north.page.getByRole("region", { name: "Content" });
  await content.getByText("3 281 ft AMSL – 6 562 ft AMSL").waitFor();
  await content.getByText("r 2.7 NM").waitFor();
  await north.page.keyboard.press(",");
  const dialog = north.page.getByRole("dialog");
  await dialog.getByRole("button", { name: "m", exact: true }).click();
  await dialog.getByRole("button", { name: "km", exact: true }).click();
  await north.page.keyboard.press("Escape");
  await content.getByText("1 000 m AMSL – 2 000 m AMSL").waitFor();
  await content.getByText("r 5 km").waitFor();
  // The desk is in Jerusalem.
  const local = new Date(Date.parse(start)).toLocaleTimeString("en-GB", { timeZone: "Asia/Jerusalem", hour: "2-digit", minute: "2-digit" });
  expect((await content.innerText()).replaceAll("\u202f", " ")).toContain(`${start.slice(0, 10)} ${start.slice(11, 16)}:00Z (${local} +0`);
});

it("counts, and draws the counts", async () => {
  await go(north, "record", "statistics");
  const counts = north.page.getByRole("region", { name: "REAL" });
  await expect.poll(async () => Number(await counts.locator("dt", { hasText: /^Stop calls$/ }).locator("xpath=following-sibling::dd[1]").innerText()), patient).toBeGreaterThan(0);
  const drawn = await eventually("the bars are drawn", () => counts.locator("canvas").evaluate((canvas: HTMLCanvasElement) => new Set(canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height).data).size));
  expect(drawn).toBeGreaterThan(2);
});

it("adds an account, which signs in with its role, and disables it", async () => {
  const admin = await openDesk(browser, pair.north, "administrator");
  await go(admin, "operators");
  const add = admin.page.locator("form", { hasText: "Add an operator" });
  await add.getByLabel("Name").fill("night");
  await add.getByLabel("Role").selectOption("viewer");
  await add.getByLabel("Password").fill(password);
  await add.getByRole("button", { name: "Add an operator" }).click();
  const row = admin.page.getByRole("row", { name: /^night/ });
  await row.getByText("Viewer").waitFor();
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(pair.north.url);
  await signIn(page, "night" as never);
  // A viewer looks.
  expect(await page.getByRole("banner").getByRole("button", { name: "STOP CALL" }).isDisabled()).toBe(true);
  expect(await page.getByRole("link", { name: /Give a notice/ }).count()).toBe(0);
  await row.getByRole("button", { name: "Disable" }).click();
  await row.getByRole("button", { name: "DISABLE NOW" }).click();
  await row.getByText("disabled").waitFor();
  await page.reload();
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Name").fill("night");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("must not be disabled").waitFor();
  expect(admin.faults).toEqual([]);
  await Promise.all([context.close(), admin.context.close()]);
});
