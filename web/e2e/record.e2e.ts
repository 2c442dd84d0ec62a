// What stays: the record verified in the browser, dealings compared, agreements, exercises, the note for the next watch.
import { readFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { expect, it } from "vitest";
import { type Desk, go, openDesk, shoot, violations } from "./browser.ts";
import { circle, eventually, minutesFromNow, type Pair, patient } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let browser: Browser;
let north: Desk;
let deputy: Desk;

useStage(async (stage) => {
  ({ pair, browser } = stage);
  [north, deputy] = await Promise.all([stage.desk(pair.north, "duty"), stage.desk(pair.south, "deputy")]);
});

const section = (desk: Desk, name: string): ReturnType<Desk["page"]["locator"]> => desk.page.locator(`section[aria-label="${name}"]`);

it("shows for each version what is proven of it, with the clocks of both", async () => {
  const id = crypto.randomUUID();
  await pair.north.release(id, circle({ lat: 46, lng: 6 }));
  await eventually("it is cosigned", async () => {
    const { notice } = await pair.north.api<{ notice: { recipients: { cosigned_at?: string }[] } }>("duty", "GET", `/v1/notices/${id}`);
    return notice.recipients[0]?.cosigned_at;
  });
  await go(north, "record");
  const row = north.page.locator("tr", { hasText: `${id.slice(0, 8)} / ` });
  await expect.poll(() => row.locator(".tag.good").allInnerTexts().then((texts) => texts.join().replace(/[^R\d,]/g, "")), patient).toBe("R1,R2");
  // Of R2 both clocks are known: whose who cosigned, and when it came here.
  const cosigned = north.page.locator("tr", { has: north.page.locator("td:last-child", { hasText: /^\W*R2$/ }) });
  await cosigned.first().waitFor();
  expect(await cosigned.first().locator("td").nth(2).innerText()).toMatch(/^\d\d:\d\d:\d\dZ$/);
});

it("verifies the log's head and an entry under pinned keys, and refuses what was tampered with", async () => {
  const { page } = north;
  await go(north, "record", "proofs");
  await section(north, "Whose word is enough").getByRole("button", { name: "Ask the node for its keys" }).click();
  await page.getByText("Compare both keys over another channel").waitFor();
  await page.getByRole("button", { name: "Pin these keys" }).click();
  const head = section(north, "The head of the log");
  await head.getByRole("button", { name: "Verify the head" }).click();
  await head.getByText("The first that was verified here.").waitFor();
  await pair.north.release(crypto.randomUUID(), circle({ lat: 45, lng: 5 }));
  await expect
    .poll(async () => {
      await head.getByRole("button", { name: "Verify the head" }).click();
      await head.getByText("it holds").waitFor();
      return head.getByText("It has everything of the one verified before").count();
    }, patient)
    .toBe(1);
  const entry = section(north, "One entry");
  await entry.getByRole("button", { name: "Fetch and verify" }).click();
  await entry.getByText("it holds").waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, "record-proofs");

  // The node tells of another entry than the one in its log: the tree says so.
  await page.route("**/entries/0", async (route) => {
    const answer = await route.fetch();
    const body = await answer.body();
    body[40]! ^= 1;
    await route.fulfill({ response: answer, body });
  });
  await entry.getByRole("button", { name: "Fetch and verify" }).click();
  await entry.getByRole("alert").getByText("It does not stand under this head").waitFor();
  await page.unroute("**/entries/0");
  // Another history than the one that was verified here before, under a signature that does not hold.
  await page.route("**/checkpoint", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace(/\n(\d*)(\d)\n/, (_, size: string, last: string) => `\n${size}${(Number(last) + 1) % 10}\n`) });
  });
  await head.getByRole("button", { name: "Verify the head" }).click();
  await head.getByRole("alert").getByText("A signature does not hold").waitFor();
  await page.unroute("**/checkpoint");
});

it("verifies a proof file that somebody brings, and refuses it for another entry", async () => {
  const { page } = north;
  await go(north, "record", "proofs");
  const entry = section(north, "One entry");
  await entry.getByRole("button", { name: "Fetch and verify" }).click();
  const saved = async (name: string): Promise<Buffer> => {
    const [download] = await Promise.all([page.waitForEvent("download"), entry.getByRole("link", { name }).click()]);
    return readFileSync(await download.path());
  };
  await entry.getByText("it holds").waitFor();
  const [proof, bytes] = [await saved("Save the proof"), await saved("Save the entry")];
  expect(proof.toString().startsWith("c2sp.org/tlog-proof@v1\nindex 0\n")).toBe(true);
  const file = section(north, "A proof from a file");
  const bring = async (entryBytes: Buffer): Promise<void> => {
    await file.getByLabel("Proof file").setInputFiles({ name: "entry.proof", mimeType: "text/plain", buffer: proof });
    await file.getByLabel("File of the entry").setInputFiles({ name: "entry.json", mimeType: "application/json", buffer: entryBytes });
    await file.getByRole("button", { name: "Verify the file" }).click();
  };
  await bring(bytes);
  await file.getByText("it holds").waitFor();
  await bring(Buffer.concat([bytes, Buffer.from(" ")]));
  await file.getByRole("alert").getByText("It does not stand under this head").waitFor();
  expect(await file.getByText("it holds").count()).toBe(0);
});

it("compares both accounts of a call, and both sign its minutes paragraph by paragraph", async () => {
  const exchange = crypto.randomUUID();
  const account = { exchange, level: "duty", channel: "voice", form: "unscheduled", subjects: ["hazard"] };
  const held = minutesFromNow(-20);
  await pair.north.api("duty", "POST", "/v1/acts", { act: "enter_exchange", ...account, initiated_by: "self", held_at: held, lead_time_min_s: 600, lead_time_max_s: 600 });
  const there = (what: string, is: (found: { ours?: unknown; theirs?: unknown; readouts?: unknown[] }) => unknown): Promise<unknown> =>
    eventually(what, async () => is((await pair.south.api<{ exchange: { ours?: unknown; theirs?: unknown; readouts?: unknown[] } }>("duty", "GET", `/v1/exchanges/${exchange}`)).exchange));
  await there("the account is there", (found) => found.theirs);
  await pair.south.api("duty", "POST", "/v1/acts", { act: "enter_exchange", ...account, initiated_by: "peer", held_at: held, lead_time_min_s: 60, lead_time_max_s: 60 });
  await pair.north.api("duty", "POST", "/v1/acts", {
    act: "propose_readout",
    readout: { exchange, languages: ["en", "ru"], paragraphs: [{ texts: ["The north called.", "Север позвонил."] }, { texts: ["Ten minutes were named.", "Названо десять минут."] }] },
  });
  await there("the minutes are there", (found) => found.readouts?.length);

  const { page } = deputy;
  await go(deputy, "record", "exchanges");
  await page.locator(`a[href="#/record/exchanges/${exchange}"]`).click();
  const row = (fact: string): ReturnType<typeof page.locator> => page.locator("tr", { has: page.locator("th", { hasText: fact }) });
  await row("Warning time").getByText(/^\W*differs$/).waitFor();
  await row("Who called").getByText(/^\W*the same$/).waitFor();
  const minutes = section(deputy, "Minutes");
  await minutes.getByText("Названо десять минут.").waitFor();
  const choose = (n: number, answer: string): Promise<void> => minutes.getByRole("group", { name: `Paragraph ${n}` }).getByRole("button", { name: answer, exact: true }).click();
  await choose(1, "agreed");
  expect(await minutes.getByRole("button", { name: "Sign the minutes so" }).isDisabled()).toBe(true);
  await choose(2, "not agreed");
  await minutes.getByRole("button", { name: "Sign the minutes so" }).click();
  await minutes.getByRole("button", { name: "Sign the minutes so" }).waitFor({ state: "detached" });
  await minutes.locator("li").nth(1).locator(".tag").first().getByText(/^\W*not agreed$/).waitFor();
  expect(await violations(page)).toEqual([]);
  await shoot(page, "record-exchange");
});

it("enters a call on both sides and proposes its minutes, by hand", async () => {
  const { page } = north;
  await go(north, "record", "exchanges");
  await page.getByRole("button", { name: "Enter a call or meeting" }).click();
  const ours = page.getByRole("form", { name: "Enter a call or meeting" });
  await ours.getByLabel("Who called").selectOption("self");
  await ours.getByLabel("Held at").fill("nonsense");
  expect(await ours.getByRole("button", { name: "Sign and send our account" }).isDisabled()).toBe(true);
  await ours.getByLabel("Held at").fill(minutesFromNow(-30));
  await ours.getByLabel("Subjects").fill("hazard, schedule");
  await ours.getByLabel("Warning time").fill("10");
  expect(await violations(page)).toEqual([]);
  await ours.getByRole("button", { name: "Sign and send our account" }).click();
  await page.waitForURL(/#\/record\/exchanges\/[0-9a-f-]{36}$/);
  const exchange = /[0-9a-f-]{36}$/.exec(page.url())![0];
  await section(north, "Both accounts, compared").waitFor();
  // A paragraph counts when it is there in both languages.
  const minutes = page.getByRole("form", { name: "Propose minutes" });
  const propose = minutes.getByRole("button", { name: "Sign and send the minutes" });
  await minutes.getByLabel("Paragraph 1 · en").fill("We called.");
  expect(await propose.isDisabled()).toBe(true);
  await minutes.getByLabel("Paragraph 1 · ru").fill("Мы позвонили.");
  await minutes.getByRole("button", { name: "One more paragraph" }).click();
  expect(await propose.isDisabled()).toBe(true);
  await minutes.getByLabel("Paragraph 2 · en").fill("Ten minutes were named.");
  await minutes.getByLabel("Paragraph 2 · ru").fill("Названо десять минут.");
  await minutes.getByRole("group", { name: "Paragraph 2" }).getByRole("button", { name: "yes" }).click();
  expect(await violations(page)).toEqual([]);
  await propose.click();
  await section(north, "Minutes").getByText("Названо десять минут.").waitFor();
  await section(north, "Minutes").getByText("may be made public").waitFor();

  // The other side enters its own account of the same, and the two are compared.
  const south = await openDesk(browser, pair.south, "duty");
  await go(south, "record", "exchanges", exchange);
  const theirs = south.page.getByRole("form", { name: "Enter our account of it" });
  await theirs.getByLabel("Who called").selectOption("peer");
  await theirs.getByLabel("Held at").fill(minutesFromNow(-30));
  await theirs.getByLabel("Warning time").fill("1");
  await theirs.getByRole("button", { name: "Sign and send our account" }).click();
  await theirs.waitFor({ state: "detached" });
  const row = (fact: string): ReturnType<typeof page.locator> => south.page.locator("tr", { has: south.page.locator("th", { hasText: fact }) });
  await row("Warning time").getByText(/^\W*differs$/).waitFor();
  await row("Who called").getByText(/^\W*the same$/).waitFor();
  await section(south, "Minutes").getByText("We called.").waitFor();
  expect(south.faults).toEqual([]);
  await south.context.close();
});

it("shows an agreement that is proposed, what it changes, and signs it for the party", async () => {
  const listed = await pair.north.api<{ agreements: { digest: string; state: string }[] }>("duty", "GET", "/v1/agreements");
  const force = listed.agreements.find((each) => each.state === "in_force")!;
  const { text } = await pair.north.api<{ text: string }>("duty", "GET", `/v1/agreements/${force.digest}`);
  const next = text
    .replace(/^number = (\d+)/m, (_, n: string) => `number = ${Number(n) + 1}`)
    .replace(/^effective_from = .*$/m, `effective_from = ${minutesFromNow(60)}`)
    .replace(/^lateral_nm = 3$/m, "lateral_nm = 4");
  expect(next).not.toBe(text);
  const proposer = await openDesk(browser, pair.north, "deputy");
  await go(proposer, "agreements");
  await proposer.page.getByLabel("Text").fill(next);
  await proposer.page.getByRole("button", { name: "Sign and send" }).click();
  await proposer.page.getByRole("button", { name: "SIGN FOR OUR PARTY AND SEND" }).click();
  await proposer.page.getByText(/^\W*proposed$/).waitFor();

  await eventually("the proposal is there", async () => {
    const { agreements } = await pair.south.api<{ agreements: { state: string }[] }>("duty", "GET", "/v1/agreements");
    return agreements.some((each) => each.state === "proposed");
  });
  await go(deputy, "agreements");
  await deputy.page.locator("a.item", { hasText: "waits for us" }).click();
  await section(deputy, "What it changes").locator("li").first().waitFor();
  expect(await violations(deputy.page)).toEqual([]);
  await shoot(deputy.page, "agreement");
  await deputy.page.getByRole("button", { name: "Sign", exact: true }).click();
  await deputy.page.getByRole("button", { name: "SIGN FOR OUR PARTY" }).click();
  await section(deputy, "How it stands").getByText(/to come into force|signed by both/).waitFor();
  // A duty officer reads it and binds nobody.
  await go(north, "agreements");
  await north.page.locator("a.item", { hasText: "to come into force" }).click({ timeout: 60_000 });
  expect(await north.page.getByRole("button", { name: "Denounce" }).isDisabled()).toBe(true);
  await proposer.context.close();
});

it("says on every page that an exercise is open, and no longer when it has ended", async () => {
  const supervisor = await openDesk(browser, pair.north, "supervisor");
  await go(supervisor, "line");
  const panel = section(supervisor, "Exercise");
  await panel.getByRole("button", { name: "Propose an exercise" }).click();
  await panel.getByText("We propose").waitFor();
  await go(deputy, "line");
  await section(deputy, "Exercise").getByRole("button", { name: "Open it with them" }).click();
  for (const name of ["watch", "notices", "record", "operators"]) {
    await go(north, name);
    await north.page.locator(`nav.rail a[aria-current][href="#/${name}"]`).waitFor();
    await north.page.getByText("EXERCISE open with south").waitFor();
  }
  expect(await violations(north.page)).toEqual([]);
  await shoot(north.page, "exercise");
  await panel.getByRole("button", { name: "End the exercise" }).click();
  await panel.getByRole("button", { name: "END IT NOW" }).click();
  await north.page.getByText("EXERCISE open with south").waitFor({ state: "detached" });
  await supervisor.context.close();
});

it("leaves a note for the next watch, who must acknowledge it", async () => {
  await go(north, "operators");
  const panel = section(north, "Handing over the watch");
  await panel.getByLabel("Note for the next officer").fill("Firing in the south went on late.\nThey call again at 0600.");
  await panel.getByRole("button", { name: "Leave the note" }).click();
  await panel.getByText("waits for the next officer").waitFor();
  // Not by who wrote it.
  expect(await panel.getByRole("button", { name: "I have read it" }).count()).toBe(0);
  const next = await openDesk(browser, pair.north, "second");
  const dialog = next.page.getByRole("dialog");
  await dialog.getByText("They call again at 0600.").waitFor();
  await dialog.getByText("Open then, as the node counted").waitFor();
  expect(await violations(next.page)).toEqual([]);
  await shoot(next.page, "handover");
  // Put off it stays in sight, on every page.
  await next.page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  const banner = next.page.locator(".banners").getByText("The watch before has left you a note");
  for (const page of ["watch", "conflicts", "record"]) {
    await go(next, page);
    await banner.waitFor();
  }
  expect(await violations(next.page)).toEqual([]);
  await next.page.locator(".banners").getByRole("link", { name: "Look" }).click();
  await section(next, "Handing over the watch").getByRole("button", { name: "I have read it" }).click();
  await banner.waitFor({ state: "detached" });
  const { handover } = await pair.north.api<{ handover: { text: string; key: string; acknowledged_by?: string } }>("duty", "GET", "/v1/handover");
  expect(handover.text).toBe("Firing in the south went on late.\nThey call again at 0600.");
  expect(handover.acknowledged_by).not.toBe(handover.key);
  expect(await pair.south.api("duty", "GET", "/v1/handover")).toEqual({});
  await next.page.reload();
  await next.page.locator("nav.rail").waitFor();
  await go(next, "operators");
  await section(next, "Handing over the watch").getByText("acknowledged").waitFor();
  expect(await next.page.getByRole("dialog").count()).toBe(0);
  await next.context.close();
});

it("shows dead-man areas and the party's keys", async () => {
  await go(north, "line");
  await section(north, "Dead-man areas").waitFor();
  const { fingerprint } = await pair.north.api<{ fingerprint: string }>("duty", "GET", "/v1/keys");
  await section(north, "Keys of our party").getByText(fingerprint).waitFor();
  expect(await section(north, "Keys of our party").getByRole("button").count()).toBe(0);
  expect(await violations(north.page)).toEqual([]);
});
