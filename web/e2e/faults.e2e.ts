// What goes wrong on a watch: the cut line, a node that dies, a tab that is older than its node.
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Line, Matter } from "../src/api/types.ts";
import { type Desk, shoot, violations } from "./browser.ts";
import { circle, consoleFolder, eventually, type Pair, password } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let north: Desk;

useStage(async (stage) => {
  ({ pair } = stage);
  north = await stage.desk(pair.north, "duty");
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

// A peer that says what it does not show is not among real nodes: what the node answers then stands in the place of what it
// answers now.
it("says where nothing is signed on one line, of a notice that it was not sent there, and that a line check was missed", async () => {
  const { page } = north;
  const id = crypto.randomUUID();
  pair.south.freeze();
  try {
    const version = await pair.north.release(id, circle({ lat: 45, lng: 8 }));
    let south: Line["peer"] | undefined;
    await page.route(/\/v1\/lines$/, async (route) => {
      const answer = await route.fetch();
      const { lines } = (await answer.json()) as { lines: Line[] };
      south = lines[0]!.peer;
      const old_copy = { peer_heard: true, held: 12, peer_holds: 90, differs: false, keys_changed: false, this_line_only: true };
      await route.fulfill({ response: answer, json: { lines: lines.map((line) => ({ ...line, state: "up", old_copy })) } });
    });
    await page.route(/\/v1\/matters\?open=true/, async (route) => {
      const answer = await route.fetch();
      const { matters } = (await answer.json()) as { matters: Matter[] };
      await eventually("the line was asked for", () => south);
      const opened_at = new Date().toISOString();
      const held: Matter = { number: 9_999, kind: "unusable", owed_by_peer: false, peer: south!, data_mode: "REAL", notice: id, subject: version, urgent: true, opened_at, deadline_ms: 120_000, level: "duty_officer", alarmed: false };
      const { notice: _, ...missed } = { ...held, number: 9_998, kind: "missed_check" as const, urgent: false };
      await route.fulfill({ response: answer, json: { matters: [...matters, held, missed] } });
    });
    await page.reload();
    await page.getByRole("alert").getByText("NOTHING IS SIGNED on this line").waitFor();
    expect(await page.getByText("SIGNS NOTHING").count()).toBe(0);
    await page.getByRole("alert").getByText("LINE CHECK MISSED with south").waitFor();
    expect(await page.title()).toContain("LINE CHECK MISSED with south");
    await page.locator(".linestate").getByText("nothing is signed here").waitFor();
    await page.keyboard.press("1");
    await page.getByRole("link", { name: /Released, not sent: tell south by voice/ }).click();
    await page.waitForURL(new RegExp(`#/notices/${id}$`));
    const delivery = page.getByRole("region", { name: "Delivery" });
    await delivery.getByText("released, not sent").waitFor();
    await delivery.getByText("Nothing goes to south now: tell them by voice.").waitFor();
    expect(await violations(page)).toEqual([]);
    await shoot(page, "old-copy-one-line");
    await page.keyboard.press("2");
    await page.getByRole("row", { name: new RegExp(id.slice(0, 8)) }).getByText("released, not sent").waitFor();
    await page.keyboard.press("5");
    await page.locator("main").getByText("nothing is signed here").waitFor();
  } finally {
    await page.unrouteAll({ behavior: "wait" });
    pair.south.thaw();
  }
  await page.getByRole("alert").getByText("NOTHING IS SIGNED").waitFor({ state: "detached" });
  await page.keyboard.press("2");
  await page.getByRole("row", { name: new RegExp(id.slice(0, 8)) }).getByText("R1 received").waitFor();
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
