// A watch at two linked nodes, through the screens alone: every axis of a notice, conflicts, calls, the cut line.
import type { Browser } from "playwright-core";
import { describe, expect, it } from "vitest";
import { type Desk, enter, go, type Noted, openDesk, violations } from "./browser.ts";
import { circle, eventually, minutesFromNow, type Node, type Pair, password, patient } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;
let north: Desk;
let south: Desk;

useStage(async (stage) => {
  ({ pair, browser } = stage);
  [north, south] = await Promise.all([stage.desk(pair.north, "duty"), stage.desk(pair.south, "duty")]);
});

// The id of the notice whose page is shown, once it is: an act's answer comes later than the words of its events.
async function noticeShown(desk: Desk): Promise<string> {
  await desk.page.waitForURL(/#\/notices\/[0-9a-f-]{36}$/);
  return desk.page.url().split("/").at(-1) ?? "";
}

// The conflict between two notices, once the node has found it.
const conflictOf = (node: Node, a: string, b: string): Promise<string> =>
  eventually("the conflict is found", async () => {
    const { conflicts } = await node.api<{ conflicts: { id: string; sides: { notice: string }[] }[] }>("duty", "GET", "/v1/conflicts");
    const both = [a, b].sort().join();
    return conflicts.find((c) => c.sides.map((side) => side.notice).sort().join() === both)?.id;
  });

describe("a notice, from the form to the all-clear", () => {
  const values: Noted = {
    centre: "46 24N 006 33E",
    extent: "3 NM",
    lower: "3000 ft AMSL",
    upper: "6000 ft AMSL",
    start: minutesFromNow(90),
    end: minutesFromNow(150),
  };
  let id = "";

  it("is typed, checked and kept as a draft", async () => {
    const { page } = north;
    await page.keyboard.press("g");
    await page.getByRole("heading", { name: "Give a notice" }).waitFor();
    await page.getByLabel("Centre").fill(values.centre);
    await page.getByLabel("Radius").fill(values.extent);
    await page.getByLabel("Lower limit").fill(values.lower);
    await page.getByLabel("Upper limit").fill(values.upper);
    await page.getByLabel("Start (UTC)").fill(values.start);
    await page.getByLabel("End (UTC)").fill(values.end);
    await page.getByText("none that is known here").waitFor();
    await page.getByRole("button", { name: "Keep as a draft" }).click();
    await page.getByRole("heading", { name: "To be released" }).waitFor();
    id = await noticeShown(north);
  });

  it("is not released before a second person has entered it", async () => {
    const { page } = north;
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await page.getByRole("alert").getByText("a second person enters the values of this content").waitFor();
    expect(await page.getByText("R1 received").count()).toBe(0);
  });

  it("refuses the second person's slip and says by how much, then takes what agrees", async () => {
    const { page } = north;
    await page.getByRole("button", { name: "Entry by the second person" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("second");
    await dialog.getByLabel("Password").fill(password);
    await enter(dialog, { ...values, centre: "46 24N 006 43E" });
    await dialog.getByRole("button", { name: "Compare" }).click();
    await dialog.getByText(/off by/).waitFor();
    await dialog.getByLabel("Centre").fill(values.centre);
    await dialog.getByRole("button", { name: "Compare" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("entered by a second person, agrees").waitFor();
    await page.getByRole("button", { name: "Release", exact: true }).click();
    await page.getByText("R1 received").first().waitFor();
  });

  it("is on the other screen, and is read back without being seen", async () => {
    const { page } = south;
    await page.locator(`a[href="#/notices/${id}"]`).first().waitFor();
    await go(south, "notices", id, "readback");
    await page.getByText("46°24′00.0″N").waitFor();
    await page.getByRole("button", { name: "I have it" }).click();
    await page.locator("#main").getByLabel("Lower limit").waitFor();
    // No display of any value is left, nowhere on the page.
    const text = await page.locator("#main").innerText();
    expect(text).not.toContain("46°24");
    expect(text).not.toContain("3000 ft");
    await enter(page.locator("#main"), { ...values, upper: "7000 ft AMSL" });
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText("It does not agree. Nothing was sent.").waitFor();
    await page.getByLabel("Upper limit").fill(values.upper);
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText("R3 read back").first().waitFor();
    await north.page.getByText("R3 read back").first().waitFor();
  });

  it("is assessed, disseminated, begun and ended, each by itself", async () => {
    const { page } = south;
    await page.getByRole("button", { name: "objection", exact: true }).click();
    await north.page.locator("section[aria-label=Assessment]").getByText(/^\W*objection$/).waitFor();
    await page.getByRole("button", { name: "no objection" }).click();
    await north.page.locator("section[aria-label=Assessment]").getByText(/^\W*no objection$/).waitFor();
    await page.getByRole("button", { name: "Units are told" }).click();
    await north.page.locator("section[aria-label=Dissemination]").getByText(/^\W*units told$/).waitFor();
    await page.getByRole("button", { name: "Own aircraft are clear" }).click();
    await north.page.locator("section[aria-label=Dissemination]").getByText(/^\W*own aircraft clear$/).waitFor();
    await north.page.getByRole("button", { name: "Say: active" }).click();
    await page.locator("section[aria-label=Activity]").getByText(/^\W*active$/).waitFor();
    await north.page.getByRole("button", { name: "Say: ended" }).click();
    await page.locator("section[aria-label=Activity]").getByText(/^\W*ended$/).waitFor();
  });
});

it("corrects with the differences in sight, and the older read-back does not count any more", async () => {
  const id = crypto.randomUUID();
  await pair.north.release(id, circle({ lat: 47, lng: 7 }));
  await go(north, "notices", id);
  await north.page.getByRole("link", { name: "Correct" }).click();
  await north.page.getByLabel("Upper limit").fill("2500 m AMSL");
  await north.page.locator("del", { hasText: "6 562" }).waitFor();
  await north.page.locator("ins", { hasText: "8 202" }).waitFor();
  // Another person stores a version meanwhile: this form does not overwrite it.
  const { notice } = await pair.north.api<{ notice: { latest: { digest: string } } }>("duty", "GET", `/v1/notices/${id}`);
  await pair.north.api("second", "PUT", `/v1/notices/${id}`, { declaration: circle({ lat: 47, lng: 7 }, { upper_m: 2200 }), draft: true, replaces: notice.latest.digest });
  await north.page.getByText("Somebody else has stored another version meanwhile").first().waitFor();
  await north.page.getByRole("button", { name: "Keep as a draft" }).click();
  await north.page.getByText("must name the latest version").waitFor();
});

it("reads back over voice with every corner", async () => {
  const id = crypto.randomUUID();
  const declaration = circle({ lat: 51, lng: 3 }, { radius_km: 5, lower_m: 1000, upper_m: 2000 });
  const corners = [{ lat: 51, lng: 3 }, { lat: 51, lng: 3.2 }, { lat: 51.1, lng: 3.2 }, { lat: 51.1, lng: 3 }];
  const [volume] = declaration.volumes;
  const { outline_circle: _, ...rest } = volume!;
  await pair.north.release(id, { ...declaration, volumes: [{ ...rest, outline_polygon: { vertices: corners } } as never] }, volume && { ...volume, outline_circle: { center: { lat: 51.05, lng: 3.1 }, radius: { value: 8.94, units: "KM" } } });
  await go(south, "notices", id, "readback");
  const { page } = south;
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("button", { name: "Over voice" }).click();
  await enter(page.locator("#main"), { centre: "51.05, 3.1", extent: "8.94 km", lower: "1000 m AMSL", upper: "2000 m AMSL", start: volume!.time_start, end: volume!.time_end });
  await page.getByLabel("Every corner").fill("51, 3\n51, 3.2\n51.1, 3.2\n51.1, 3.01");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.getByText("It does not agree. Nothing was sent.").waitFor();
  await page.getByLabel("Every corner").fill("51.1, 3.2\n51.1, 3\n51, 3\n51, 3.2");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.waitForURL(new RegExp(`#/notices/${id}$`));
  await page.locator("section[aria-label=Delivery]").getByText("R3 read back").waitFor();
});

it("withdraws what has not begun", async () => {
  const id = crypto.randomUUID();
  await pair.north.release(id, circle({ lat: 45, lng: 5 }));
  await go(north, "notices", id);
  await north.page.getByRole("button", { name: "Withdraw" }).click();
  await north.page.getByRole("button", { name: "WITHDRAW NOW" }).click();
  await go(south, "notices", id);
  await south.page.locator("section[aria-label=Author]").getByText(/^\W*withdrawn$/).waitFor();
});

it("shows a conflict on both sides and resolves it by a suggestion", async () => {
  const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
  await pair.south.release(b, circle({ lat: 48, lng: 9 }, { kind: "hazard", lower_m: 1000, upper_m: 2000 }));
  await pair.north.release(a, circle({ lat: 48, lng: 9 }, { lower_m: 1000, upper_m: 2000 }));
  const link = `.conflictlink[href="#/conflicts/${await conflictOf(pair.north, a, b)}"]`;
  await go(north, "conflicts");
  await north.page.locator(link).click();
  await north.page.getByRole("heading", { name: "What would resolve it" }).waitFor();
  expect(await violations(north.page)).toEqual([]);
  await go(south, "conflicts");
  await south.page.locator(link).click();
  const sides = south.page.locator("section[aria-label=Sides] .row");
  await expect.poll(() => sides.getByText("not seen").count(), patient).toBe(2);
  await north.page.getByRole("button", { name: "We have seen it" }).click();
  await expect.poll(() => sides.getByText("not seen").count(), patient).toBe(1);
  // The suggestion is a correction that the node finds clear.
  await north.page.locator("section[aria-label='What would resolve it'] .row", { hasText: "Higher by" }).getByRole("button").click();
  await north.page.getByText("none that is known here").waitFor();
});

it("keeps a conflict with a held plan to its owner", async () => {
  const [plan, other] = [crypto.randomUUID(), crypto.randomUUID()];
  await pair.south.release(other, circle({ lat: 50, lng: 11 }));
  await pair.north.api("duty", "PUT", `/v1/notices/${plan}`, { declaration: circle({ lat: 50, lng: 11 }), held: true });
  const local = await conflictOf(pair.north, plan, other);
  await go(north, "conflicts");
  await north.page.locator(`.conflictlink[href="#/conflicts/${local}"]`, { hasText: "known here alone" }).click();
  await north.page.getByRole("heading", { name: "What we may do" }).waitFor();
  for (const option of ["Move our plan", "Declare our plan", "Ask: can you keep clear?", "Accept the risk"]) {
    await north.page.locator("section[aria-label='What we may do']").getByText(option).first().waitFor();
  }
  expect(await violations(north.page)).toEqual([]);
  const { conflicts } = await pair.south.api<{ conflicts: { sides: { notice: string }[] }[] }>("duty", "GET", "/v1/conflicts");
  expect(conflicts.some((c) => c.sides.some((side) => side.notice === plan || side.notice === other))).toBe(false);
  // A hull goes into the form of a notice of its own, and nothing of the plan is sent by that.
  await north.page.getByRole("button", { name: "Declare a chosen hull" }).click();
  await north.page.getByRole("heading", { name: "Give a notice" }).waitFor();
  await expect.poll(() => north.page.getByLabel("Centre").inputValue(), patient).toMatch(/^50(\.0+)?, 11(\.0+)?$/);
  expect(await north.page.getByLabel("Radius").inputValue()).toBe("4 NM");
  await go(north, "conflicts", local);
  await north.page.getByRole("button", { name: "Ask: can you keep clear?" }).click();
  await go(south, "calls");
  await south.page.locator("article", { hasText: "Can you keep clear?" }).getByRole("button", { name: "need time" }).click();
  await north.page.locator("article", { hasText: "Can you keep clear?" }).getByText("need time").waitFor();
});

it("lets the role that may accept the risk of a held conflict, after it was read what that means, and tells nobody", async () => {
  const [plan, other] = [crypto.randomUUID(), crypto.randomUUID()];
  await pair.south.release(other, circle({ lat: 50, lng: 13 }));
  await pair.north.api("duty", "PUT", `/v1/notices/${plan}`, { declaration: circle({ lat: 50, lng: 13 }), held: true });
  const local = await conflictOf(pair.north, plan, other);
  const options = (desk: Desk) => desk.page.locator("section[aria-label='What we may do']");
  await go(north, "conflicts", local);
  expect(await options(north).getByRole("button", { name: "Accept the risk" }).isDisabled()).toBe(true);
  await options(north).getByText("supervisor, deputy chief or principal only").waitFor();
  const head = await openDesk(browser, pair.north, "supervisor");
  try {
    await go(head, "conflicts", local);
    await options(head).getByRole("button", { name: "Accept the risk" }).click();
    const dialog = head.page.getByRole("dialog");
    await dialog.getByText("They are not told").waitFor();
    await dialog.getByRole("button", { name: "4 h" }).click();
    expect(await violations(head.page)).toEqual([]);
    await dialog.getByRole("button", { name: "Accept the risk" }).click();
    await dialog.getByRole("button", { name: "ACCEPT THE RISK NOW" }).click();
    await options(head).getByText("Accepted by").waitFor();
    const kept = await pair.north.api<{ state: string; risk_accepted: { role: string; at: string; until: string } }>("duty", "GET", `/v1/conflicts/${local}`);
    expect(kept).toMatchObject({ state: "kept", risk_accepted: { role: "supervisor" } });
    expect(Math.round((Date.parse(kept.risk_accepted.until) - Date.parse(kept.risk_accepted.at)) / 60_000)).toBeGreaterThan(230);
    expect(head.faults).toEqual([]);
  } finally {
    await head.context.close();
  }
  // The officer on watch sees it too, and the other side does not know of it.
  await options(north).getByText("Accepted by").waitFor();
  const { conflicts } = await pair.south.api<{ conflicts: { sides: { notice: string }[] }[] }>("duty", "GET", "/v1/conflicts");
  expect(conflicts.some((each) => each.sides.some((side) => side.notice === other))).toBe(false);
});

it("sends a stop call although the session has ended in the middle of it", async () => {
  const { page } = north;
  await go(north, "watch");
  await page.keyboard.press("Shift+S");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Centre").fill("46.1, 7.2");
  // As after twelve hours: the cookie is gone, and the next request is refused.
  await north.context.clearCookies();
  await dialog.getByRole("button", { name: "STOP CALL" }).click();
  await dialog.getByRole("button", { name: "SEND THE STOP CALL NOW" }).click();
  await page.getByText("Your session has ended").waitFor();
  await page.locator('input[name="password"]').fill(password);
  await page.locator('input[name="password"]').press("Enter");
  await eventually("the stop call has arrived", async () => {
    const { calls } = await pair.south.api<{ calls: { kind: string; closed_at?: string }[] }>("duty", "GET", "/v1/calls?open=true");
    return calls.some((call) => call.kind === "stop_call");
  });
  await south.page.getByRole("alert").getByText(/STOP CALL from north/).waitFor();
  await eventually("the title says it", async () => (await south.page.title()).includes("STOP CALL"));
  expect(await violations(south.page)).toEqual([]);
  await go(south, "calls");
  await south.page.locator("article", { hasText: "Stop call" }).getByRole("button", { name: "stopping" }).click();
  await go(north, "calls");
  await page.locator("article", { hasText: "Stop call" }).getByText("stopping").waitFor();
});

it("reports a hazard that nobody planned with two presses", async () => {
  const { page } = north;
  await go(north, "watch");
  await page.keyboard.press("Shift+H");
  await page.getByRole("dialog").getByLabel("Centre").fill("44.5, 8.5");
  await page.getByRole("dialog").getByRole("button", { name: "HAZARD NOW" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "SEND THE HAZARD NOW" }).click();
  const id = await noticeShown(north);
  await page.getByText("R1 received").first().waitFor();
  await go(south, "notices", id);
  await south.page.locator("section[aria-label=Activity]").getByText(/^\W*active$/).waitFor();
});

it("shows hostile text as text and keeps the screen's direction", async () => {
  const id = crypto.randomUUID();
  const name = "<img src=x onerror=alert(1)> \u202etxet desrever";
  const declaration = circle({ lat: 43, lng: 3 }, { kind: "protected_site", more: { name } });
  // The node refuses what turns the direction of text around; markup is text like any other.
  await expect(pair.north.release(id, declaration)).rejects.toThrow();
  await pair.north.release(id, circle({ lat: 43, lng: 3 }, { kind: "protected_site", more: { name: "<img src=x onerror=alert(1)><script>1</script>" } }));
  await go(south, "notices", id);
  await south.page.getByText("<img src=x onerror=alert(1)>", { exact: false }).first().waitFor();
  expect(await south.page.locator("#main img, #main script").count()).toBe(0);
});

it("refuses absurd coordinates where they are typed", async () => {
  await go(north, "notices", "give");
  for (const [text, rule] of [
    ["91, 7", "The latitude must be between"],
    ["1e999, 1e999", "Not a position"],
    ["46 61N 7 0E", "Minutes and seconds must be below 60"],
  ] as const) {
    await north.page.getByLabel("Centre").fill(text);
    await north.page.getByText(rule).waitFor();
    await expect.poll(() => north.page.getByRole("button", { name: "Keep as a draft" }).isDisabled(), patient).toBe(true);
  }
});

it("shows a change of one node on the other's screen at once", async () => {
  await go(south, "watch");
  const id = crypto.randomUUID();
  const declaration = circle({ lat: 42, lng: 2 });
  await pair.north.api("duty", "PUT", `/v1/notices/${id}`, { declaration, draft: true });
  await pair.north.api("second", "POST", `/v1/notices/${id}/check`, { reading: { volume: declaration.volumes[0], data_mode: "REAL" } });
  const seen = south.page.evaluate(
    (href) =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          if (document.querySelector(`a[href="${href}"]`)) resolve(performance.timeOrigin + performance.now());
          else requestAnimationFrame(look);
        };
        look();
      }),
    `#/notices/${id}`,
  );
  const began = performance.timeOrigin + performance.now();
  await pair.north.api("duty", "POST", "/v1/acts", { act: "release", notice: id, check: "second_entry" });
  console.log(`measured: released on one node, on the other's screen after ${((await seen) - began).toFixed(0)} ms`);
});
