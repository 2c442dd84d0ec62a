// Takes the pictures of the manual: real screens of two linked nodes, with the map.
import type { Browser } from "playwright-core";
import { it } from "vitest";
import { type Desk, openDesk, shoot } from "./browser.ts";
import { circle, type Pair, sleep } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;

useStage((stage) => {
  ({ pair, browser } = stage);
}, { map: true });

async function mapDrawn(desk: Desk): Promise<void> {
  await desk.page.locator(".mapbox[data-ready]").waitFor({ timeout: 60_000 });
  await sleep(1_500);
  await desk.page.locator(".mapbox[data-drawn]").waitFor({ timeout: 60_000 });
}

async function go(desk: Desk, hash: string): Promise<void> {
  await desk.page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await sleep(500);
}

it("takes them", async () => {
  const clash = crypto.randomUUID();
  await pair.south.release(crypto.randomUUID(), circle({ lat: 46.95, lng: 7.45 }, { kind: "hazard", radius_km: 9 }));
  await pair.south.release(crypto.randomUUID(), circle({ lat: 46.6, lng: 7.9 }, { kind: "protected_site", radius_km: 4, more: { name: "Field hospital" } }));
  await pair.north.release(clash, circle({ lat: 47.02, lng: 7.6 }, { radius_km: 12 }));
  await pair.north.release(crypto.randomUUID(), circle({ lat: 46.7, lng: 7.1 }, { radius_km: 8, from: 10, to: 90 }));
  const day = await openDesk(browser, pair.north, "duty");
  await mapDrawn(day);
  await shoot(day.page, "console-watch");
  await go(day, "#/notices/give");
  await day.page.getByLabel("Centre").fill("46.85, 7.2");
  await mapDrawn(day);
  await shoot(day.page, "console-give");
  await go(day, "#/conflicts");
  await day.page.locator(".conflictlink").first().click();
  await mapDrawn(day);
  await shoot(day.page, "console-conflict");
  await go(day, "#/record/proofs");
  await day.page.getByRole("button", { name: "Ask the node for its keys" }).click();
  await day.page.getByText("Compare both keys over another channel").waitFor();
  await day.page.getByRole("button", { name: "Pin these keys" }).click();
  for (const name of ["Verify the head", "Fetch and verify"]) {
    await day.page.getByRole("button", { name }).click();
    await sleep(1_500);
  }
  await day.page.getByText("it holds").nth(1).waitFor();
  await shoot(day.page, "console-proofs");
  await day.context.close();
  const night = await openDesk(browser, pair.south, "duty", { language: "he", night: true });
  await mapDrawn(night);
  await shoot(night.page, "console-night-he");
  await night.context.close();
});
