// What goes wrong on a watch: the cut line, a node that dies, a tab that is older than its node.
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Desk, launch, openDesk, shoot, violations } from "./browser.ts";
import { consoleFolder, type Pair, password, startPair } from "./nodes.ts";

let pair: Pair;
let browser: Browser;
let north: Desk;

beforeAll(async () => {
  [pair, browser] = await Promise.all([startPair(), launch()]);
  north = await openDesk(browser, pair.north, "duty");
});
afterAll(async () => {
  await browser?.close();
  await pair?.stop();
});

it("says by colour, title and words that the line is lost, and what holds meanwhile", async () => {
  const { page } = north;
  const began = Date.now();
  pair.south.freeze();
  await page.getByRole("alert").getByText("LINK LOST to south").waitFor({ timeout: 30_000 });
  console.log(`measured: the screen says LINK LOST ${((Date.now() - began) / 1000).toFixed(1)} s after the other node froze`);
  expect(await page.title()).toContain("LINK LOST to south");
  await page.keyboard.press("5");
  await page.getByText("What the other side declared stays in force.").waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, "link-lost");
  // Silenced is not gone: the title and the line's state still say it.
  await page.keyboard.press("m");
  await page.getByRole("alert").getByText("LINK LOST to south").waitFor({ state: "detached" });
  expect(await page.title()).toContain("LINK LOST to south");
  pair.south.thaw();
  await page.getByRole("button", { name: "Confirm: the line is whole" }).click({ timeout: 40_000 });
  await page.locator(".linestate.up").waitFor();
});

it("keeps what was entered when the node dies in the middle, and says that nobody knows whether it was done", async () => {
  const { page } = north;
  await page.keyboard.press("g");
  await page.getByLabel("Centre").fill("46.4, 6.5");
  await page.getByText("none that is known here").waitFor();
  await pair.north.stop("SIGKILL");
  await page.getByText("This screen has lost its node").waitFor();
  await page.getByRole("button", { name: "Keep as a draft" }).click();
  await page.getByText("Whether it was done is not known").waitFor();
  await pair.north.start();
  await page.getByText("Your session has ended").waitFor();
  await page.locator('input[name="password"]').fill(password);
  await page.locator('input[name="password"]').press("Enter");
  await page.getByText(/Back after/).waitFor();
  expect(await page.getByLabel("Centre").inputValue()).toBe("46.4, 6.5");
  await page.getByRole("button", { name: "Keep as a draft" }).click();
  await page.getByRole("heading", { name: "To be released" }).waitFor();
});

it("says on every page that the node signs nothing while its store is an old copy", async () => {
  const { page } = north;
  await Promise.all([pair.north.stop(), pair.south.stop()]);
  await pair.north.start(consoleFolder, "--restored");
  await page.getByText("Your session has ended").waitFor();
  await page.locator('input[name="password"]').fill(password);
  await page.locator('input[name="password"]').press("Enter");
  // A key that is pressed while the question for the password stands goes nowhere.
  await page.getByText("Your session has ended").waitFor({ state: "detached" });
  const banner = page.getByRole("alert").getByText("SIGNS NOTHING");
  for (const [i, name] of ["watch", "notices", "conflicts", "calls", "line"].entries()) {
    await page.keyboard.press(String(i + 1));
    await page.locator(`nav.rail a[aria-current][href="#/${name}"]`).waitFor();
    await banner.waitFor();
  }
  await page.getByText("It waits to hear from south what it had said.").waitFor();
  await page.locator("main").getByText("old copy: signs nothing").waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, "old-copy");
  await pair.south.start();
  await banner.waitFor({ state: "detached", timeout: 60_000 });
});

it("tells a tab that is older than its node", async () => {
  const { page } = north;
  const folder = mkdtempSync(join(tmpdir(), "wideberth-console-"));
  try {
    // The same console as another build would be: its first script has another name.
    cpSync(consoleFolder, folder, { recursive: true });
    for (const packed of readdirSync(folder).filter((name) => name.endsWith(".gz"))) rmSync(join(folder, packed));
    const index = readFileSync(join(folder, "index.html"), "utf8");
    const script = /assets\/(index-[\w-]+\.js)/.exec(index)?.[1] ?? "";
    expect(script).not.toBe("");
    writeFileSync(join(folder, "index.html"), index.replaceAll(script, "index-upgraded.js"));
    renameSync(join(folder, "assets", script), join(folder, "assets/index-upgraded.js"));
    await pair.north.stop();
    await pair.north.start(folder);
    await page.getByText("Your session has ended").waitFor();
    await page.locator('input[name="password"]').fill(password);
    await page.locator('input[name="password"]').press("Enter");
    await page.getByText("The node was upgraded.").waitFor();
    expect(await violations(page)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
