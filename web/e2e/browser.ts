// Debian's Chromium, driven as a person would: by labels, names and keys.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from "playwright-core";
import { type Account, type Node, password } from "./nodes.ts";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
export const shots = process.env.WIDEBERTH_SHOTS ?? join(import.meta.dirname, "../../build/web-shots");

// Without `map` the browser has no WebGL, and the console must do without its map: software drawing is most of what a
// test would wait for.
export async function launch(options: { map?: boolean } = {}): Promise<Browser> {
  const drawing = options.map
    ? ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
    : ["--disable-3d-apis"];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", ...drawing] });
}

export interface Desk {
  page: Page;
  context: BrowserContext;
  // Every request that left the node's origin, every error of the page, every breach of the policy: none may be.
  faults: string[];
}

export async function openDesk(browser: Browser, node: Node, account: Account, options: { language?: string; night?: boolean; large?: boolean } = {}): Promise<Desk> {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "en-GB", timezoneId: "Asia/Jerusalem" });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const faults: string[] = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(node.url) && !url.startsWith("blob:") && !url.startsWith("data:")) faults.push(`request to ${url}`);
  });
  page.on("pageerror", (error) => faults.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && /Content.Security.Policy|Refused to/.test(message.text())) faults.push(message.text());
  });
  const { language = "en", night = false, large = false } = options;
  if (language !== "en" || night || large) {
    await context.addInitScript((settings) => localStorage.setItem("wideberth.settings", settings), JSON.stringify({ language, night, large }));
  }
  await page.goto(node.url);
  await signIn(page, account);
  return { page, context, faults };
}

export const go = (desk: Desk, ...parts: string[]): Promise<void> =>
  desk.page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${parts.join("/")}`);

export async function signIn(page: Page, account: Account): Promise<void> {
  await page.locator('input[name="username"]').fill(account);
  await page.locator('input[name="password"]').fill(password);
  await page.locator('input[name="password"]').press("Enter");
  await page.locator("nav.rail").waitFor();
}

// Nothing of the page has changed for a while: what it asked the node for has come.
export async function settled(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const quiet_ms = 250;
        // The clock in the frame ticks for ever; the page itself does not.
        const main = document.getElementById("main") ?? document.body;
        let timer = setTimeout(done, quiet_ms);
        const watcher = new MutationObserver((changes) => {
          if (changes.every((change) => change.type === "characterData")) return;
          clearTimeout(timer);
          timer = setTimeout(done, quiet_ms);
        });
        function done(): void {
          watcher.disconnect();
          resolve();
        }
        watcher.observe(main, { subtree: true, childList: true, characterData: true });
      }),
  );
}

export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ timeout: 60_000, path: join(shots, `${name}.png`) });
}

// What axe-core finds, as "rule: selector" lines.
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource());
  return page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run: (root: Document, options: object) => Promise<{ violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[] }> } }).axe;
    const { violations: found } = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return found.flatMap((each) => each.nodes.map((node) => `${each.id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`));
  });
}

let source: string | undefined;
async function axeSource(): Promise<string> {
  const { readFileSync } = await import("node:fs");
  source ??= readFileSync(axePath, "utf8");
  return source;
}

// What a person has of a notice by their own plot or notes.
export interface Noted {
  centre: string;
  extent: string;
  lower: string;
  upper: string;
  start: string;
  end: string;
}

// As the form of a read-back or of a second person asks for it, up to the comparison.
export async function enter(within: Locator, noted: Noted): Promise<void> {
  await within.getByLabel("Centre").fill(noted.centre);
  await within.getByLabel("Extent").fill(noted.extent);
  await within.getByLabel("Lower limit").fill(noted.lower);
  await within.getByLabel("Upper limit").fill(noted.upper);
  await within.getByLabel("Start (UTC)").fill(noted.start);
  await within.getByLabel("End (UTC)").fill(noted.end);
  await within.getByRole("button", { name: "REAL", exact: true }).click();
}
