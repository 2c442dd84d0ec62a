// The five axes of a notice (MECHANISM 3.2) in the states that watch.e2e.ts does not pass through: what a correction leaves of
// what was said of the version before, a need for time, what could not be sent, and a hazard up to its all-clear.
import type { Browser } from "playwright-core";
import { expect, it } from "vitest";
import { type Desk, enter, go, openDesk, violations } from "./browser.ts";
import { circle, eventually, type Node, type Pair, patient, readingOf } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;
let north: Desk;
let south: Desk;

useStage(async (stage) => {
  // A laser's area may be cleared as soon as it has ended.
  ({ pair, browser } = stage);
  [north, south] = await Promise.all([stage.desk(pair.north, "duty"), stage.desk(pair.south, "duty")]);
}, { agreement: (text) => text.replace(/^laser = 5$/m, "laser = 0") });

const axis = (desk: Desk, name: string): ReturnType<Desk["page"]["locator"]> => desk.page.locator(`section[aria-label=${name}]`);
const says = (desk: Desk, name: string, state: string): Promise<void> => axis(desk, name).getByText(new RegExp(`^\\W*${state}$`)).first().waitFor();
const there = (node: Node, id: string): Promise<unknown> => eventually(`${node.name} has it`, () => node.api("duty", "GET", `/v1/notices/${id}`));

it("keeps what was said of a version that a correction has replaced, and does not count it", async () => {
  const id = crypto.randomUUID();
  const declaration = circle({ lat: 46, lng: 7 });
  const version = await pair.north.release(id, declaration);
  await there(pair.south, id);
  await go(north, "notices", id);
  await go(south, "notices", id);
  await says(north, "Author", "released");
  await says(north, "Delivery", "R1 received");
  await says(south, "Assessment", "not assessed");

  // They need time, and say until when.
  await axis(south, "Assessment").getByLabel("Until (UTC)").fill("+15");
  await axis(south, "Assessment").getByRole("button", { name: "need time" }).click();
  await axis(north, "Assessment").getByText("need time").waitFor();
  await expect.poll(() => axis(north, "Assessment").locator(".countdown").innerText(), patient).toMatch(/1[45]/);
  expect(await violations(north.page)).toEqual([]);
  await pair.south.api("duty", "POST", "/v1/acts", { act: "read_back", notice: id, version, reading: readingOf(declaration) });
  await pair.south.api("duty", "POST", "/v1/acts", { act: "assess", notice: id, version, assessment: "no_objection" });
  await says(north, "Delivery", "R3 read back");
  await says(north, "Assessment", "no objection");

  const higher = circle({ lat: 46, lng: 7 }, { upper_m: 2500 });
  await pair.north.api("duty", "PUT", `/v1/notices/${id}`, { declaration: higher, draft: true, replaces: version });
  await pair.north.api("second", "POST", `/v1/notices/${id}/check`, { reading: readingOf(higher) });
  await pair.north.api("duty", "POST", "/v1/acts", { act: "release", notice: id, check: "second_entry", previous: version });
  for (const desk of [north, south]) {
    await says(desk, "Delivery", "R3 of an older version");
    await says(desk, "Assessment", "of an older version");
    await says(desk, "Author", "released");
    await axis(desk, "Versions").getByText("superseded").first().waitFor();
  }
  expect(await violations(south.page)).toEqual([]);
});

it("says of a release while the line is cut that it was not sent, and that it was received once it has gone out", { timeout: 120_000 }, async () => {
  const { page } = north;
  pair.south.freeze();
  try {
    await page.getByRole("alert").getByText("LINK LOST to south").waitFor({ timeout: 60_000 });
    const id = crypto.randomUUID();
    await pair.north.release(id, circle({ lat: 45, lng: 8 }));
    await go(north, "notices", id);
    await says(north, "Author", "released");
    await says(north, "Delivery", "released, not sent");
    await axis(north, "Delivery").getByText("tell them by voice").waitFor();
    await says(north, "Assessment", "not assessed");
  } finally {
    pair.south.thaw();
  }
  await says(north, "Delivery", "R1 received");
  await go(north, "line");
  await page.getByRole("button", { name: "Confirm: the line is whole" }).click({ timeout: 60_000 });
  await page.locator(".linestate.up").waitFor({ timeout: 60_000 });
});

it("keeps a hazard until a supervisor clears it, and on the other screen until that is read back", { timeout: 120_000 }, async () => {
  const id = crypto.randomUUID();
  const declaration = circle({ lat: 44, lng: 8 }, { kind: "hazard", from: -2, to: 20, more: { hazard: { class: "laser", source: "own" } } });
  await pair.north.release(id, declaration);
  await there(pair.south, id);
  await go(north, "notices", id);
  await go(south, "notices", id);
  await axis(north, "Activity").getByRole("button", { name: "Say: active" }).click();
  for (const desk of [north, south]) await says(desk, "Activity", "active");
  await axis(north, "Activity").getByRole("button", { name: "Say: ended" }).click();
  for (const desk of [north, south]) await says(desk, "Activity", "ended");
  // Not by the officer on duty.
  expect(await axis(north, "Activity").getByRole("button", { name: "all clear" }).isDisabled()).toBe(true);
  await axis(north, "Activity").getByText("A supervisor gives the all-clear.").waitFor();
  const head = await openDesk(browser, pair.north, "supervisor");
  await go(head, "notices", id);
  await axis(head, "Activity").getByRole("button", { name: "all clear" }).click();
  await axis(head, "Activity").getByRole("button", { name: "GIVE THE ALL-CLEAR" }).click();
  for (const desk of [north, head]) await says(desk, "Activity", "all clear");
  expect(head.faults).toEqual([]);
  await head.context.close();
  // The receiver's picture clears on its own read-back (MECHANISM 3.5).
  await says(south, "Activity", "ended");
  await go(south, "calls");
  await south.page.locator("article", { hasText: "All-clear to be read back" }).getByRole("link", { name: "Read back" }).click();
  await south.page.getByRole("heading", { name: "Read back the all-clear" }).waitFor();
  await south.page.getByRole("button", { name: "I have it" }).click();
  const form = south.page.locator("#main");
  const [volume] = declaration.volumes;
  await enter(form, { centre: "44, 8", extent: "5 km", lower: "1000 m AMSL", upper: "2000 m AMSL", start: volume!.time_start, end: volume!.time_end });
  await form.getByRole("button", { name: "Compare" }).click();
  await south.page.waitForURL(new RegExp(`#/notices/${id}$`));
  await says(south, "Activity", "all clear");
});
