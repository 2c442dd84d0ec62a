// The map in a browser that draws it: what is drawn, typed and dragged, the time slider, and the profile in height. Judged by
// what the page says and by what it sends to the node.
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { type Desk, go } from "./browser.ts";
import { circle, type Declaration, eventually, minutesFromNow, type Pair, patient } from "./nodes.ts";
import { useStage } from "./stage.ts";

interface At {
  lat: number;
  lng: number;
}

let pair: Pair;
let north: Desk;

// Every digit that a node keeps.
const zoneCorners: At[] = [
  { lat: 46.462345678, lng: 6.652345678 },
  { lat: 46.462345678, lng: 6.772345678 },
  { lat: 46.412345678, lng: 6.712345678 },
];

useStage(async (stage) => {
  ({ pair } = stage);
  const [volume] = circle({ lat: 0, lng: 0 }, { from: 0, to: 600 }).volumes;
  const { outline_circle: _, ...rest } = volume!;
  const zone: Declaration = { kind: "zone", data_mode: "REAL", restriction: "CONDITIONAL", name: "Range 4", volumes: [{ ...rest, outline_polygon: { vertices: zoneCorners } } as never] };
  await pair.south.release(crypto.randomUUID(), zone, { ...volume!, outline_circle: { center: { lat: 46.437345678, lng: 6.712345678 }, radius: { value: 5.38, units: "KM" } } });
  north = await stage.desk(pair.north, "duty");
  // Drawn by software, on a machine that has other work.
  north.page.setDefaultTimeout(90_000);
}, { map: true });

const slow = { timeout: 240_000 };
const drawn = { ...patient, timeout: 90_000 };

async function openForm(): Promise<Page> {
  const { page } = north;
  await go(north, "watch");
  await page.locator('main[data-path="watch"]').waitFor();
  await go(north, "notices", "give");
  await page.locator(".give .mapbox[data-ready]").waitFor();
  return page;
}

async function centreOn(page: Page, { lat, lng }: At): Promise<void> {
  const find = page.getByLabel("Go to a position");
  await find.fill(`${lat}, ${lng}`);
  await find.press("Enter");
  await expect
    .poll(() => page.locator(".mapbox").getAttribute("data-view"), drawn)
    .toSatisfy((view: string | null) => {
      const [y = 0, x = 0, zoom = 0] = (view ?? "").split(" ").map(Number);
      return Math.abs(y - lat) < 1e-6 && Math.abs(x - lng) < 1e-6 && zoom >= 8;
    });
}

// Where on the screen a position is drawn: Web Mercator over 512 pixels at zoom 0.
async function pixelOf(page: Page, { lat, lng }: At): Promise<{ x: number; y: number }> {
  const [y0 = 0, x0 = 0, zoom = 0] = (await page.locator(".mapbox").getAttribute("data-view"))!.split(" ").map(Number);
  const box = (await page.locator(".mapbox canvas").boundingBox())!;
  const world_px = 512 * 2 ** zoom;
  const down = (degrees: number): number => 0.5 - Math.log(Math.tan(Math.PI / 4 + (degrees * Math.PI) / 360)) / (2 * Math.PI);
  return { x: box.x + box.width / 2 + ((lng - x0) / 360) * world_px, y: box.y + box.height / 2 + (down(lat) - down(y0)) * world_px };
}

async function press(page: Page, at: At, off: { x: number; y: number } = { x: 0, y: 0 }): Promise<void> {
  const { x, y } = await pixelOf(page, at);
  await page.mouse.click(x + off.x, y + off.y);
}

// Until the pointer lies on a handle: that says that it is drawn, and where.
async function onHandle(page: Page, at: At): Promise<{ x: number; y: number }> {
  const { x, y } = await pixelOf(page, at);
  let step = 0;
  await expect
    .poll(async () => {
      await page.mouse.move(x + (step++ % 2), y);
      return page.locator(".mapbox canvas").evaluate((canvas: HTMLElement) => canvas.style.cursor);
    }, drawn)
    .toBe("move");
  return { x, y };
}

async function drag(page: Page, from: At, to: At, off: { x: number; y: number } = { x: 0, y: 0 }): Promise<void> {
  const begin = await onHandle(page, from);
  const end = await pixelOf(page, to);
  await page.mouse.move(begin.x, begin.y);
  await page.mouse.down();
  await page.mouse.move((begin.x + end.x) / 2, (begin.y + end.y) / 2, { steps: 3 });
  await page.mouse.move(end.x + off.x, end.y + off.y, { steps: 3 });
  await page.mouse.up();
}

const positions = (text: string): At[] =>
  text.split("\n").filter(Boolean).map((line) => {
    const [lat = NaN, lng = NaN] = line.split(",").map(Number);
    return { lat, lng };
  });

// Within the width of two pixels of the map.
const near_deg = 0.01;
async function expectPoints(page: Page, label: string, wanted: At[]): Promise<At[]> {
  const field = page.getByLabel(label);
  const isNear = (at: At, i: number): boolean => Math.abs(at.lat - wanted[i]!.lat) < near_deg && Math.abs(at.lng - wanted[i]!.lng) < near_deg;
  await expect
    .poll(() => field.inputValue(), { ...drawn, message: `near ${JSON.stringify(wanted)}` })
    .toSatisfy((text: string) => positions(text).length === wanted.length && positions(text).every(isNear));
  return positions(await field.inputValue());
}

type Outline = { outline_circle?: { center: At; radius: object }; outline_polygon?: { vertices: At[] }; outline_corridor?: { centreline: At[]; half_width: object } };

// What the node has of it once it is kept: lengths in metres.
async function kept(page: Page): Promise<Outline> {
  await page.getByRole("button", { name: "Keep as a draft" }).click();
  await page.waitForURL(/#\/notices\/[0-9a-f-]{36}$/);
  const id = page.url().split("/").at(-1)!;
  const { notice } = await pair.north.api<{ notice: { latest: { declaration: { volumes: Outline[] } } } }>("duty", "GET", `/v1/notices/${id}`);
  return notice.latest.declaration.volumes[0]!;
}

const home: At = { lat: 46.25, lng: 6.25 };

it("draws a circle, moves it by its centre, makes it wider by its rim, and sends what the form says", slow, async () => {
  const page = await openForm();
  await centreOn(page, home);
  await press(page, home);
  await expectPoints(page, "Centre", [home]);
  // A press where a handle is adds nothing; the second one elsewhere is the rim.
  const radius = page.getByLabel("Radius");
  const rim: At = { lat: home.lat, lng: home.lng + 0.2 };
  await press(page, rim);
  // 0.2 degrees of longitude here.
  const wide_nm = 0.2 * 60 * Math.cos((home.lat * Math.PI) / 180);
  await expect.poll(async () => Math.abs(parseFloat(await radius.inputValue()) - wide_nm), drawn).toBeLessThan(0.4);
  const before = await radius.inputValue();
  const elsewhere: At = { lat: home.lat + 0.1, lng: home.lng - 0.15 };
  await drag(page, home, elsewhere);
  const [centre] = await expectPoints(page, "Centre", [elsewhere]);
  expect(await radius.inputValue()).toBe(before);
  // The rim's handle is due east of the centre.
  const degrees = (nm: number): number => nm / 60 / Math.cos((centre!.lat * Math.PI) / 180);
  await drag(page, { lat: centre!.lat, lng: centre!.lng + degrees(parseFloat(before)) }, { lat: centre!.lat, lng: centre!.lng + degrees(14) });
  await expect.poll(async () => Math.abs(parseFloat(await radius.inputValue()) - 14), drawn).toBeLessThan(0.4);
  expect(positions(await page.getByLabel("Centre").inputValue())).toEqual([centre]);
  const value = Math.round(parseFloat(await radius.inputValue()) * 1852 * 1000) / 1000;
  expect(await kept(page)).toMatchObject({ outline_circle: { center: centre, radius: { value, units: "M" } } });
});

it("draws a polygon, snaps to the very corner of a zone, takes back a step, and moves one corner", slow, async () => {
  const page = await openForm();
  await page.getByRole("button", { name: "Polygon" }).click();
  const corner = zoneCorners[2]!;
  await centreOn(page, corner);
  const drawing: At[] = [{ lat: 46.36, lng: 6.66 }, { lat: 46.36, lng: 6.77 }];
  for (const at of drawing) await press(page, at);
  await expectPoints(page, "Positions", drawing);
  await press(page, corner, { x: 5, y: -5 });
  const three = await expectPoints(page, "Positions", [...drawing, corner]);
  expect(three[2]).toEqual(corner);
  // Out of its reach nothing is snapped to.
  await press(page, corner, { x: -40, y: 0 });
  await expect.poll(async () => positions(await page.getByLabel("Positions").inputValue()).length, drawn).toBe(4);
  expect(positions(await page.getByLabel("Positions").inputValue())[3]).not.toEqual(corner);
  await page.getByRole("button", { name: "Undo" }).click();
  await expectPoints(page, "Positions", [...drawing, corner]);
  // The first one is dragged to within the reach of the next corner of the zone: it is that corner.
  await drag(page, three[0]!, zoneCorners[0]!, { x: 4, y: 4 });
  await expect.poll(async () => positions(await page.getByLabel("Positions").inputValue())[0], drawn).toEqual(zoneCorners[0]);
  const [, second, third] = positions(await page.getByLabel("Positions").inputValue());
  expect([second, third]).toEqual([three[1], three[2]]);
  expect((await kept(page)).outline_polygon?.vertices).toEqual([zoneCorners[0], second, third]);
});

it("draws a corridor and leaves the width as it was typed", slow, async () => {
  const page = await openForm();
  await page.getByRole("button", { name: "Corridor" }).click();
  await page.getByLabel("Half width").fill("0.25 NM");
  await centreOn(page, home);
  const line: At[] = [{ lat: home.lat - 0.1, lng: home.lng - 0.2 }, home, { lat: home.lat + 0.1, lng: home.lng + 0.1 }];
  for (const at of line) await press(page, at);
  const drawnLine = await expectPoints(page, "Positions", line);
  const moved: At = { lat: home.lat + 0.08, lng: home.lng - 0.06 };
  await drag(page, drawnLine[1]!, moved);
  const after = await expectPoints(page, "Positions", [line[0]!, moved, line[2]!]);
  expect([after[0], after[2]]).toEqual([drawnLine[0], drawnLine[2]]);
  expect(await page.getByLabel("Half width").inputValue()).toBe("0.25 NM");
  expect(await kept(page)).toMatchObject({ outline_corridor: { centreline: after, half_width: { value: 463, units: "M" } } });
});

it.each([
  ["decimal degrees", "46.4, 6.55"],
  ["degrees, minutes and seconds", "46°24′00.0″N 006°33′00.0″E"],
  ["a pilot's digits", "462400N 0063300E"],
  ["MGRS", "32TLS 11665 41408"],
])("takes a position pasted as %s, goes there, and draws it", slow, async (_, text) => {
  const wanted: At = { lat: 46.4, lng: 6.55 };
  const page = await openForm();
  // Out of sight of it: the map goes there.
  await centreOn(page, { lat: 40, lng: -3 });
  await page.getByLabel("Centre").fill(text);
  await page.getByText("none that is known here").waitFor();
  await expect.poll(async () => (await page.locator(".mapbox").getAttribute("data-view"))!.split(" ").slice(0, 2).map((degrees) => Number(degrees).toFixed(3)).join(" "), drawn).toBe("46.400 6.550");
  await onHandle(page, wanted);
  const { outline_circle } = await kept(page);
  // MGRS to a metre means the centre of its square.
  expect(Math.abs(outline_circle!.center.lat - wanted.lat)).toBeLessThan(2e-5);
  expect(Math.abs(outline_circle!.center.lng - wanted.lng)).toBeLessThan(2e-5);
});

it("takes a polygon pasted in three forms at once, and keeps what was pasted while a line cannot be read", slow, async () => {
  const page = await openForm();
  await page.getByRole("button", { name: "Polygon" }).click();
  const field = page.getByLabel("Positions");
  const broken = "46.4, 6.55\n46 30N 006 33E\n46 99N 6 40E";
  await field.fill(broken);
  await page.getByText("Minutes and seconds must be below 60").waitFor();
  await centreOn(page, home);
  await press(page, home);
  // Long enough for a stroke to be written, as the one below is.
  await page.getByRole("button", { name: "Circle" }).click();
  await page.getByRole("button", { name: "Polygon" }).click();
  expect(await field.inputValue()).toBe(broken);
  await field.fill("46.4, 6.55\n46 30N 006 33E\n32TLS 11665 41408; 46.45, 6.7");
  // The map may have gone to what was typed.
  await centreOn(page, home);
  await press(page, home);
  const found = await expectPoints(page, "Positions", [{ lat: 46.4, lng: 6.55 }, { lat: 46.5, lng: 6.55 }, { lat: 46.4, lng: 6.55 }, { lat: 46.45, lng: 6.7 }, home]);
  expect(found[1]).toEqual({ lat: 46.5, lng: 6.55 });
});

// The slider stands at a moment, and the map has drawn it.
async function slideTo(page: Page, minutes: number | null): Promise<void> {
  if (minutes === null) await page.getByRole("button", { name: "all times" }).click();
  else await page.getByLabel("Time", { exact: true }).fill(String(minutes));
  const box = page.locator(".mapbox[data-drawn]");
  await expect
    .poll(async () => {
      const text = await box.getAttribute("data-shown-at", { timeout: 1_000 }).catch(() => null);
      if (minutes === null || !text) return minutes === null && text === "";
      return Math.abs(Number(text) - (Date.now() / 1000 + minutes * 60)) < 120;
    }, drawn)
    .toBe(true);
}

it("shows by its slider what was, what is and what is planned", slow, async () => {
  const { page } = north;
  const [past, planned] = [crypto.randomUUID(), crypto.randomUUID()];
  const [there, later]: [At, At] = [{ lat: 44.2, lng: 4.2 }, { lat: 44.2, lng: 5.2 }];
  const version = await pair.north.release(past, circle(there, { from: -60, to: 60 }));
  await pair.north.release(planned, circle(later, { from: 180, to: 240 }));
  await eventually("it is active", async () => {
    const { notice } = await pair.north.api<{ notice: { activity: string } }>("duty", "GET", `/v1/notices/${past}`);
    if (notice.activity === "planned") await pair.north.api("duty", "POST", "/v1/acts", { act: "set_active", notice: past, version });
    return notice.activity === "active";
  });
  await pair.north.api("duty", "POST", "/v1/acts", { act: "set_ended", notice: past, version });
  await go(north, "watch");
  await page.locator(".watch .mapbox[data-ready]").waitFor();
  // The zone of the other side counts too: it holds for ten hours from now.
  const shown = page.locator(".timeslider [role=status]");
  const opens = async (at: At, id: string): Promise<void> => {
    await centreOn(page, at);
    await expect
      .poll(async () => {
        if (page.url().endsWith(id)) return true;
        await press(page, at);
        return false;
      }, drawn)
      .toBe(true);
    await go(north, "watch");
    await page.locator(".watch .mapbox[data-ready]").waitFor();
  };
  const opensNothing = async (at: At, minutes: number | null): Promise<void> => {
    await centreOn(page, at);
    await slideTo(page, minutes);
    await press(page, at);
    await page.locator(".maptools .tag").getByText(/°/).waitFor();
    expect(await page.locator("main").getAttribute("data-path")).toBe("watch");
  };
  await slideTo(page, -30);
  await expect.poll(() => shown.innerText(), drawn).toBe("1 shown");
  await opens(there, past);
  await opensNothing(later, -30);
  await opensNothing(there, null);
  await opensNothing(there, 200);
  await expect.poll(() => shown.innerText(), drawn).toBe("2 shown");
  await opens(later, planned);
});

it("shows in the profile the floor and the ceiling of a notice, and follows the form", slow, async () => {
  const page = await openForm();
  await page.getByLabel("Centre").fill("43, 2");
  await page.getByLabel("Lower limit").fill("3000 ft AMSL");
  await page.getByLabel("Upper limit").fill("FL095");
  const profile = page.locator("form svg.profile");
  const limits = (): Promise<string[]> => profile.locator("text.limit").allTextContents().then((texts) => texts.map((text) => text.replace("\u202f", "")));
  await expect.poll(limits, drawn).toEqual(["FL095", "3000 ft AMSL"]);
  const box = async (): Promise<{ top: number; foot: number }> => {
    const [y = NaN, height = NaN] = await Promise.all(["y", "height"].map(async (name) => Number(await profile.locator("rect.ours").getAttribute(name))));
    return { top: y, foot: y + height };
  };
  const low = await box();
  await page.getByLabel("Lower limit").fill("6000 ft AMSL");
  await expect.poll(limits, drawn).toEqual(["FL095", "6000 ft AMSL"]);
  const high = await box();
  expect(high.top).toBe(low.top);
  expect(high.foot).toBeLessThan(low.foot);
  await page.getByLabel("Start (UTC)").fill(minutesFromNow(90));
  await kept(page);
  const stored = page.getByRole("img", { name: /Time and height; 6.000 ft AMSL – (FL095|9.500 ft STD)/ });
  await stored.waitFor();
  expect(await stored.locator("text.limit").count()).toBe(2);
});
