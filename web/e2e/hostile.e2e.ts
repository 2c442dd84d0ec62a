// What should never have been typed: markup, script and marks that turn text around, in every text field of every page.
import { expect, it } from "vitest";
import { type Path, paths } from "../src/state/paths.ts";
import { type Desk, go, settled } from "./browser.ts";
import { circle, eventually, minutesFromNow, type Pair } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let desk: Desk;

const markup = `"><img src=x onerror="window.hit=1"><script>window.hit=1</script><b onmouseover='window.hit=1'>`;
const turned = "\u202etxet\u2066 \u2067desrever\u200f";
// What stands for a name in a path. A read-back of an all-clear has the fields of every other read-back.
const made = [":notice", ":conflict", ":exchange", ":agreement"];
const ids: Record<string, string> = {};

useStage(async (stage) => {
  ({ pair } = stage);
  desk = await stage.desk(pair.north, "duty");
  const id = crypto.randomUUID();
  await pair.north.api("duty", "PUT", `/v1/notices/${id}`, { declaration: circle({ lat: 46, lng: 6 }), draft: true });
  ids[":notice"] = id;
  ids[":exchange"] = crypto.randomUUID();
  await pair.north.api("duty", "POST", "/v1/acts", { act: "enter_exchange", exchange: ids[":exchange"], level: "duty", channel: "voice", form: "unscheduled", subjects: ["hazard"], held_at: minutesFromNow(-20), initiated_by: "self" });
  const { agreements } = await pair.north.api<{ agreements: { digest: string }[] }>("duty", "GET", "/v1/agreements");
  ids[":agreement"] = agreements[0]!.digest;
  await pair.south.release(crypto.randomUUID(), circle({ lat: 50, lng: 11 }));
  await pair.north.api("duty", "PUT", `/v1/notices/${crypto.randomUUID()}`, { declaration: circle({ lat: 50, lng: 11 }), held: true });
  ids[":conflict"] = await eventually("the conflict is found", async () => {
    const { conflicts } = await pair.north.api<{ conflicts: { id: string }[] }>("duty", "GET", "/v1/conflicts");
    return conflicts[0]?.id;
  });
});

// What would be of markup that was taken for markup.
async function expectText(): Promise<void> {
  const { page } = desk;
  expect(await page.evaluate(() => (window as { hit?: number }).hit)).toBeUndefined();
  expect(await page.locator("img, #app script, [onmouseover], [onerror]").count()).toBe(0);
  expect(await page.evaluate(() => document.documentElement.dir)).toBe("ltr");
  expect(desk.faults).toEqual([]);
}

async function fillAll(scope: ReturnType<Desk["page"]["locator"]>, text: string): Promise<number> {
  const fields = scope.locator("input[type=text]:visible, input:not([type]):visible, textarea:visible");
  const count = await fields.count();
  for (let i = 0; i < count; ++i) {
    // A field may make way for another page's while it is filled.
    const field = fields.nth(i);
    if (await field.isVisible()) await field.fill(text);
  }
  return count;
}

const own: Path[] = paths.filter((path) => path.split("/").every((part) => !part.startsWith(":") || made.includes(part)));

it("takes markup and turned text for text in every field of every page", { timeout: 240_000 }, async () => {
  const { page } = desk;
  let fields = 0;
  for (const path of own) {
    await go(desk, ...path.split("/").map((part) => ids[part] ?? part));
    await page.locator(`main[data-path="${path}"]`).waitFor();
    await settled(page);
    for (const text of [markup, turned]) {
      fields += await fillAll(page.locator("#main"), text);
      await expectText();
    }
  }
  await go(desk, "watch");
  for (const key of ["Shift+S", "Shift+H"]) {
    await page.locator("#main").focus();
    await page.keyboard.press(key);
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    for (const text of [markup, turned]) {
      fields += await fillAll(dialog, text);
      await expectText();
    }
    // Nothing of it is a position: there is nothing to send.
    expect(await dialog.locator("button.danger").isDisabled()).toBe(true);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  }
  expect(fields).toBeGreaterThan(40);
});

it("shows markup that the other side sent as text, in each place where words cross or stay", { timeout: 120_000 }, async () => {
  const { page } = desk;
  const south = pair.south;
  const id = crypto.randomUUID();
  const short = "<img src=x onerror=window.hit=1>";
  await south.release(id, circle({ lat: 46, lng: 8 }, { kind: "protected_site", more: { name: short, role_to_call: "<b>duty</b>", frequency: "<i>121.5" } })).catch(async () => {
    // Where the node refuses markup in a code, its name alone is free text.
    await south.release(id, circle({ lat: 46, lng: 8 }, { kind: "protected_site", more: { name: short } }));
  });
  await eventually("it is there", () => pair.north.api("duty", "GET", `/v1/notices/${id}`));
  await go(desk, "notices", id);
  await page.locator("#main").getByText(short).first().waitFor();
  await expectText();
  await page.locator("summary").click();
  await expectText();
  await go(desk, "record");
  await page.locator("#main").getByText(short).first().waitFor();
  await expectText();
  // A note for the next watch.
  await go(desk, "operators");
  const panel = page.locator("section[aria-label='Handing over the watch']");
  await panel.getByLabel("Note for the next officer").fill(markup);
  await panel.getByRole("button", { name: "Leave the note" }).click();
  await panel.getByText("waits for the next officer").waitFor();
  await panel.getByText(markup).first().waitFor();
  await expectText();
  // A text that turns the lines after it around is refused, or shown without turning the page: never silently changed.
  const { text } = (await pair.north.api<{ handover: { text: string } }>("duty", "GET", "/v1/handover")).handover;
  expect(text).toBe(markup);
});

it("opens although the address was mistyped or cut off", async () => {
  const { page } = desk;
  for (const hash of ["#/%E0%A4%A", "#//notices//", "#/no/such/page", "#/notices/%00", `#/notices/${encodeURIComponent(markup)}`, "#/notices/../../v1/me", "#/conflicts/no-such", "#/agreements/no-such", "#/record/exchanges/no-such"]) {
    await page.goto("about:blank");
    await page.goto(`${pair.north.url}/${hash}`);
    await page.locator("nav.rail").waitFor();
    await page.locator("#main :is(h1, p)").first().waitFor({ state: "attached" });
    await expectText();
  }
});
