// Somebody who has read nothing, at two screens: gives a notice on one, reads it back on the other, sees a conflict and
// resolves it. They know the two addresses, two accounts of each side, and what stands on the screens; nothing here is
// reached by an address, an identifier of the page or the interface behind it.
import type { Browser, Locator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { enter, type Noted, shoot } from "./browser.ts";
import { type Node, type Pair, password, patient } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;
let north: Page;
let south: Page;

useStage((stage) => {
  ({ pair, browser } = stage);
}, { map: true });

// How long a person takes for what is done here, by the keystroke-level model (Card, Moran and Newell): a decision, the way
// to what is pressed, a press, a key, the hand from the mouse to the keyboard and back.
const pace_s = { decide: 1.35, point: 1.1, press: 0.2, key: 0.28, hand: 0.4 };

class Hand {
  clicks = 0;
  keys = 0;
  fields = 0;

  async click(what: Locator, position?: { x: number; y: number }): Promise<void> {
    this.clicks += 1;
    await what.click(position ? { position } : {});
  }

  // In place of what stands there.
  async type(field: Locator, text: string): Promise<void> {
    this.clicks += 1;
    this.fields += 1;
    this.keys += text.length + 2;
    await field.fill(text);
  }

  get person_s(): number {
    return this.clicks * (pace_s.decide + pace_s.point + pace_s.press) + this.keys * pace_s.key + this.fields * 2 * pace_s.hand;
  }

  get counted(): string {
    return `${this.clicks} presses and ${this.keys} keys, ${this.person_s.toFixed(1)} s at a person's pace`;
  }
}

async function open(node: Node): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "en-GB", timezoneId: "Asia/Jerusalem" });
  const page = await context.newPage();
  // Drawn by software, on a machine that has other work.
  page.setDefaultTimeout(60_000);
  await page.goto(node.url);
  await page.getByLabel("Name").fill("duty");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Needs you now" }).waitFor();
  return page;
}

async function note(page: Page): Promise<Noted> {
  const value = (label: string): Promise<string> =>
    page.locator("dt", { hasText: new RegExp(`^${label}$`) }).first().locator("xpath=following-sibling::dd[1]").innerText();
  const [centre = "", extent = ""] = (await value("Outline")).replace("●", "").split(" r ").map((text) => text.trim());
  const [lower = "", upper = ""] = (await value("Band")).split(" – ");
  const time = (text: string): string => text.replace(/ \(.*/, "");
  return { centre, extent, lower, upper, start: time(await value("Start \\(UTC\\)")), end: time(await value("End \\(UTC\\)")) };
}

async function compare(within: Locator, noted: Noted): Promise<void> {
  await enter(within, noted);
  await within.getByRole("button", { name: "Compare" }).click();
}

// As the page of a draft says: the other person at the desk enters what they noted, then the officer releases.
async function release(page: Page): Promise<void> {
  await page.getByRole("heading", { name: "To be released" }).waitFor();
  await page.getByRole("heading", { name: "Content" }).waitFor();
  const noted = await note(page);
  await page.getByRole("button", { name: "Entry by the second person" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("supervisor");
  await dialog.getByLabel("Password").fill(password);
  await compare(dialog, noted);
  await page.getByText("entered by a second person, agrees").waitFor();
  await page.getByRole("button", { name: "Release", exact: true }).click();
  // Of a correction: what was read back is the version before it.
  await page.getByText(/^\W*(R1 received|R3 of an older version)$/).first().waitFor();
}

// From what waits on the watch: the notice, its read-back, what was noted entered.
async function readBack(page: Page): Promise<void> {
  await watch(page);
  await page.getByRole("link", { name: /Read-back due/ }).first().click();
  await page.getByRole("link", { name: "Read back", exact: true }).click();
  await page.getByText("Study the notice").waitFor();
  const noted = await note(page);
  await page.getByRole("button", { name: "I have it: enter it now" }).click();
  await compare(page.getByRole("main"), noted);
  await page.getByText("R3 read back").first().waitFor();
}

const watch = (page: Page): Promise<void> => page.getByRole("navigation").getByRole("link", { name: /Watch/ }).click();
const map = (page: Page): Locator => page.getByRole("main").getByLabel("Map", { exact: true });

// The middle of the map, where it shows the same place on both screens.
async function middleOf(page: Page): Promise<{ x: number; y: number }> {
  const box = (await map(page).boundingBox())!;
  return { x: Math.round(box.width / 2), y: Math.round(box.height / 2) };
}

const slow = { timeout: 300_000 };

it("signs in on both", slow, async () => {
  [north, south] = await Promise.all([open(pair.north), open(pair.south)]);
  for (const page of [north, south]) {
    await page.getByText("Nothing is declared.").waitFor();
    await map(page).waitFor();
  }
  await shoot(north, "newcomer-watch");
});

it("gives a notice from the map in less than 20 seconds", slow, async () => {
  const hand = new Hand();
  const here = north.getByRole("button", { name: "Give a notice here" });
  const middle = await middleOf(north);
  // Until the map answers at all; it is counted once.
  await expect.poll(async () => (await map(north).click({ position: middle }), here.isVisible()), { ...patient, timeout: 60_000 }).toBe(true);
  const began = performance.now();
  await hand.click(map(north), middle);
  await hand.click(here);
  await hand.type(north.getByLabel("Upper limit"), "FL80");
  await north.getByText("none that is known here").waitFor();
  await shoot(north, "newcomer-give");
  const shot_s = (performance.now() - began) / 1000;
  await hand.click(north.getByRole("button", { name: "Keep as a draft" }));
  await north.getByRole("heading", { name: "To be released" }).waitFor();
  const all_s = (performance.now() - began) / 1000;
  console.log(`measured: giving a notice from the map: ${hand.counted}; the driver and the machine took ${all_s.toFixed(1)} s for it, the picture within (${shot_s.toFixed(1)} s up to it)`);
  // The machine's part is of the machine as it is.
  expect(hand.person_s).toBeLessThan(20);
});

it("releases it with the second person, and reads it back on the other side", slow, async () => {
  await shoot(north, "newcomer-draft");
  await release(north);
  await shoot(north, "newcomer-released");
  await readBack(south);
  await shoot(south, "newcomer-read-back");
  await north.getByText("R3 read back").first().waitFor();
});

it("is told of a conflict while it arises, and sees it on both sides", slow, async () => {
  await watch(south);
  await south.getByRole("link", { name: /Give a notice/ }).first().click();
  await south.getByRole("button", { name: "hazard", exact: true }).click();
  const centre = south.getByLabel("Centre");
  await expect.poll(async () => (await map(south).click({ position: await middleOf(south) }), centre.inputValue()), { ...patient, timeout: 60_000 }).not.toBe("");
  await south.getByRole("region", { name: "Conflicts if released now" }).getByText(/^\W*(certain|possible)$/).waitFor().catch(async (error: unknown) => {
    await shoot(south, "newcomer-failed");
    throw error;
  });
  await shoot(south, "newcomer-conflict-arises");
  await south.getByRole("button", { name: "Keep as a draft" }).click();
  await release(south);
  for (const page of [north, south]) {
    await watch(page);
    await page.getByRole("heading", { name: "Conflicts (1)" }).waitFor();
  }
  await shoot(north, "newcomer-conflict");
});

it("resolves it by what the page proposes, and it is gone on both sides", slow, async () => {
  await north.getByRole("region", { name: "Conflicts", exact: true }).getByRole("link").first().click();
  const proposed = north.getByRole("region", { name: "What would resolve it" });
  await proposed.getByRole("button", { name: "Copy into a correction" }).first().waitFor();
  await shoot(north, "newcomer-suggestions");
  await proposed.getByRole("button", { name: "Copy into a correction" }).first().click();
  await north.getByText("none that is known here").waitFor();
  await north.getByRole("button", { name: "Keep as a draft" }).click();
  await release(north);
  // It is not over yet, and the screens say what is waited for, and who is to do it.
  for (const page of [north, south]) {
    await watch(page);
    await page.getByRole("region", { name: "Conflicts", exact: true }).getByRole("link").first().click();
  }
  await north.getByText("The conflict ends when south has read the new version back").waitFor();
  await south.getByText("The conflict ends when we have read the new version back").waitFor();
  await shoot(south, "newcomer-corrected");
  await readBack(south);
  for (const page of [north, south]) {
    await watch(page);
    await page.getByText("No conflicts").waitFor();
  }
  await shoot(north, "newcomer-resolved");
});
