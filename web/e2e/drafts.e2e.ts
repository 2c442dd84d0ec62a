// Two officers of one node on one draft: whoever comes second is told, sees what differs, and says which of the two goes on.
import { expect, it } from "vitest";
import { type Desk, go, violations } from "./browser.ts";
import { circle, type Pair, patient } from "./nodes.ts";
import { useStage } from "./stage.ts";

let pair: Pair;
let first: Desk;
let second: Desk;

useStage(async (stage) => {
  ({ pair } = stage);
  [first, second] = await Promise.all([stage.desk(pair.north, "duty"), stage.desk(pair.north, "second")]);
});

const changed = "Somebody else has stored another version meanwhile";

interface Stored {
  number: number;
  upper_m: number;
}

const uppers = async (id: string): Promise<Stored[]> => {
  const { versions } = await pair.north.api<{ versions: { number: number }[] }>("duty", "GET", `/v1/notices/${id}`);
  return Promise.all(
    versions.map(async ({ number }) => {
      const version = await pair.north.api<{ declaration: { volumes: { altitude_upper: { value: number } }[] } }>("duty", "GET", `/v1/notices/${id}/versions/${number}`);
      return { number, upper_m: version.declaration.volumes[0]!.altitude_upper.value };
    }),
  );
};

// Both have the form of the same draft open.
async function bothOpen(): Promise<string> {
  const id = crypto.randomUUID();
  await pair.north.api("duty", "PUT", `/v1/notices/${id}`, { declaration: circle({ lat: 46, lng: 6 }, { upper_m: 2000 }), draft: true });
  for (const desk of [first, second]) {
    await go(desk, "notices", "give", id);
    await desk.page.locator('main[data-path="notices/give/:notice"]').waitFor();
    await expect.poll(() => desk.page.getByLabel("Upper limit").inputValue(), patient).toBe("2000 m AMSL");
  }
  return id;
}

it("tells the one who comes second, keeps what they entered, and stores it only at their word", async () => {
  const id = await bothOpen();
  await second.page.getByLabel("Upper limit").fill("2600 m AMSL");
  await second.page.getByLabel("Frequency").fill("121.5");
  await first.page.getByLabel("Upper limit").fill("2300 m AMSL");
  await first.page.getByRole("button", { name: "Keep as a draft" }).click();
  await first.page.getByRole("heading", { name: "To be released" }).waitFor();

  const alert = second.page.getByRole("alert").filter({ hasText: changed });
  await alert.waitFor();
  // What the other one has, and what this form has in its place.
  const differences = second.page.locator("section[aria-label='What the correction changes']");
  await differences.locator("del", { hasText: "7 546" }).waitFor();
  await differences.locator("ins", { hasText: "8 530" }).waitFor();
  expect(await violations(second.page)).toEqual([]);
  await second.page.getByRole("button", { name: "Keep as a draft" }).click();
  await second.page.getByRole("alert").getByText("must name the latest version").waitFor();
  expect(await second.page.getByLabel("Upper limit").inputValue()).toBe("2600 m AMSL");
  expect(await second.page.getByLabel("Frequency").inputValue()).toBe("121.5");
  expect((await uppers(id)).at(-1)?.upper_m).toBe(2300);

  await alert.getByRole("button", { name: "Keep this form in its place" }).click();
  await alert.waitFor({ state: "detached" });
  await second.page.getByRole("button", { name: "Keep as a draft" }).click();
  await second.page.getByRole("heading", { name: "To be released" }).waitFor();
  // Nothing was lost: every version stands.
  const stored = await uppers(id);
  expect(stored.map(({ upper_m }) => upper_m)).toEqual([2000, 2300, 2600]);
  // And the first one sees what came after.
  await first.page.locator("section[aria-label=Content]").getByText("8 530").waitFor();
});

it("takes the other version in place of the form at a word", async () => {
  const id = await bothOpen();
  await second.page.getByLabel("Upper limit").fill("2600 m AMSL");
  await first.page.getByLabel("Upper limit").fill("2400 m AMSL");
  await first.page.getByRole("button", { name: "Keep as a draft" }).click();
  await second.page.getByRole("button", { name: "Take the other version in place of this form" }).click();
  await second.page.getByRole("alert").filter({ hasText: changed }).waitFor({ state: "detached" });
  expect(await second.page.getByLabel("Upper limit").inputValue()).toBe("2400 m AMSL");
  await second.page.getByLabel("Upper limit").fill("2500 m AMSL");
  await second.page.getByRole("button", { name: "Keep as a draft" }).click();
  await second.page.getByRole("heading", { name: "To be released" }).waitFor();
  expect((await uppers(id)).map(({ upper_m }) => upper_m)).toEqual([2000, 2400, 2500]);
});

it("lets one alone through when both press at the same moment", async () => {
  const id = await bothOpen();
  await first.page.getByLabel("Upper limit").fill("2700 m AMSL");
  await second.page.getByLabel("Upper limit").fill("2800 m AMSL");
  const desks = [first, second];
  await Promise.all(desks.map((desk) => desk.page.getByRole("button", { name: "Keep as a draft" }).click()));
  const through = (desk: Desk): Promise<boolean> => desk.page.getByRole("heading", { name: "To be released" }).isVisible();
  const told = (desk: Desk): Promise<boolean> => desk.page.getByRole("alert").filter({ hasText: changed }).first().isVisible();
  await expect.poll(async () => (await Promise.all(desks.map(through))).filter(Boolean).length, patient).toBe(1);
  await expect.poll(async () => (await Promise.all(desks.map(told))).filter(Boolean).length, patient).toBe(1);
  const winner = (await through(first)) ? 2700 : 2800;
  expect((await uppers(id)).map(({ upper_m }) => upper_m)).toEqual([2000, winner]);
});

it("tells the one who corrects a draft that was released meanwhile", async () => {
  const id = await bothOpen();
  await second.page.getByLabel("Upper limit").fill("2600 m AMSL");
  await pair.north.api("second", "POST", `/v1/notices/${id}/check`, { reading: { volume: circle({ lat: 46, lng: 6 }, { upper_m: 2000 }).volumes[0], data_mode: "REAL" } });
  await pair.north.api("duty", "POST", "/v1/acts", { act: "release", notice: id, check: "second_entry" });
  await second.page.getByRole("button", { name: "Keep as a draft" }).click();
  await expect
    .poll(async () => {
      const { notice } = await pair.north.api<{ notice: { latest: { author: string; number: number } } }>("duty", "GET", `/v1/notices/${id}`);
      const shown = await second.page.getByRole("alert").filter({ hasText: changed }).count();
      return { author: notice.latest.author, shown: shown > 0 };
    }, patient)
    .toMatchObject({ shown: true });
  expect(await second.page.getByLabel("Upper limit").inputValue()).toBe("2600 m AMSL");
});
