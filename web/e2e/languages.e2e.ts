// Each of the seven languages: its direction, its texts, no violation, and everything within reach of the keyboard.
import type { Browser } from "playwright-core";
import { expect, it } from "vitest";
import { isRightToLeft, languages, nameOfLanguage } from "../src/i18n/languages.ts";
import { openDesk, shoot, violations } from "./browser.ts";
import { circle, type Pair, patient } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;

useStage(async (stage) => {
  ({ pair, browser } = stage);
  await pair.south.release(crypto.randomUUID(), circle({ lat: 46.9, lng: 7.5 }, { kind: "hazard" }));
  await pair.north.release(crypto.randomUUID(), circle({ lat: 46.95, lng: 7.5 }));
});

it.each(languages)("%s", async (language) => {
  const { page, context, faults } = await openDesk(browser, pair.north, "duty", { language });
  // The texts of a language come after the page.
  await page.locator(`html[lang="${language}"]`).waitFor({ state: "attached" });
  const words = new Set<string>();
  for (const [i, name] of ["watch", "notices", "conflicts", "calls", "line"].entries()) {
    await page.keyboard.press(String(i + 1));
    words.add(await page.locator(`nav.rail a[aria-current][href="#/${name}"]`).innerText());
  }
  expect(await page.evaluate(() => document.documentElement.dir)).toBe(isRightToLeft(language) ? "rtl" : "ltr");
  if (language !== "en") expect([...words].join(" ")).not.toContain("Conflicts");
  // Times and codes run from left to right in each of them.
  expect(await page.locator(".clock").evaluate((clock) => getComputedStyle(clock).direction)).toBe("ltr");
  await page.keyboard.press("1");
  await page.locator(".watch .conflictlink").first().waitFor();
  // Who and what of the one side, then of the other, in the direction in which the language is read.
  const lefts = await page.locator(".watch .conflictlink").first().locator("bdi").evaluateAll((texts) => texts.map((text) => text.getBoundingClientRect().left));
  expect(lefts).toHaveLength(4);
  expect(lefts).toEqual([...lefts].sort((a, b) => (isRightToLeft(language) ? b - a : a - b)));
  await shoot(page, `language-${language}`);
  expect(await violations(page)).toEqual([]);
  // Nothing runs over the edge at 1366x768, with large type too.
  await page.keyboard.press("l");
  await page.locator("html[data-large]").waitFor();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow, nameOfLanguage[language]).toBeLessThanOrEqual(0);
  // Nor on a wall.
  await page.setViewportSize({ width: 3840, height: 2160 });
  await expect.poll(() => page.evaluate(() => parseFloat(getComputedStyle(document.documentElement).fontSize)), patient).toBeGreaterThan(28);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  expect(faults).toEqual([]);
  await context.close();
});
