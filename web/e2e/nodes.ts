// Two real linked nodes for the tests: made by `wideberth node pair`, each serving the built console.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");
const bin = process.env.WIDEBERTH_BIN ?? join(root, "build/dev/bin");
export const consoleFolder = process.env.WIDEBERTH_CONSOLE ?? join(root, "build/web");
export const accounts = { duty: "duty_officer", second: "duty_officer", supervisor: "supervisor", deputy: "deputy_chief", administrator: "administrator" } as const;
export type Account = keyof typeof accounts;
export const password = "correct horse battery";
const patience_ms = 30_000;
// For what expect.poll waits for.
export const patient = { timeout: patience_ms, interval: 50 };

export const sleep = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, ms));

export async function eventually<T>(what: string, ask: () => Promise<T | false | undefined | null> | T | false | undefined | null): Promise<T> {
  const until = Date.now() + patience_ms;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch {
      // Not yet.
    }
    if (Date.now() > until) throw new Error(`not within ${patience_ms} ms: ${what}`);
    await sleep(50);
  }
}

const listening = (port: number): Promise<Server | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
const closed = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));

// Four free ports in a row, in a block that is claimed by listening at its last one, so that two runs that start at the
// same moment never share one. tests/e2e/ports.py keeps to the same blocks.
const blocks = { first: 20_000, count: 1_500, size: 8 };

async function claimPorts(): Promise<{ base: number; claim: Server }> {
  for (let i = 0; i < blocks.count; ++i) {
    const base = blocks.first + ((process.pid + i) % blocks.count) * blocks.size;
    const claim = await listening(base + blocks.size - 1);
    if (!claim) continue;
    const tried = await Promise.all([0, 1, 2, 3].map((n) => listening(base + n)));
    await Promise.all(tried.map((each) => each && closed(each)));
    if (tried.every(Boolean)) return { base, claim };
    await closed(claim);
  }
  throw new Error("no free ports");
}

export class Node {
  readonly name: "north" | "south";
  readonly url: string;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #tokens = new Map<string, string>();

  constructor(name: "north" | "south", folder: string, port: number) {
    this.name = name;
    this.#folder = join(folder, name);
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(console = consoleFolder, ...flags: string[]): Promise<void> {
    this.#process = spawn(join(bin, "wideberthd"), ["--config", join(this.#folder, "wideberthd.toml"), "--console", console, ...flags], {
      stdio: ["ignore", "ignore", process.env.WIDEBERTH_E2E_LOG ? "inherit" : "ignore"],
    });
    await eventually(`${this.name} serves`, async () => (await fetch(`${this.url}/healthy`)).ok);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const running = this.#process;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill(signal);
    await ended;
    this.#tokens.clear();
  }

  // Stands still, as a machine that hangs: its connections stay open and nothing comes.
  freeze(): void {
    this.#process?.kill("SIGSTOP");
  }
  thaw(): void {
    this.#process?.kill("SIGCONT");
  }

  run(...args: string[]): string {
    return execFileSync(join(bin, "wideberth"), ["--node", this.url, ...args], { encoding: "utf8" });
  }

  async makeAccounts(): Promise<void> {
    this.run("token", "issue", "--key", join(this.#folder, "token-key.pem"), "--party", this.name, "--lifetime", "1h", "--scope", "wideberth.read", "--scope", "wideberth.admin", "--output", join(this.#folder, "admin.token"));
    const admin = readFileSync(join(this.#folder, "admin.token"), "utf8").trim();
    for (const [name, role] of Object.entries(accounts)) await this.as(admin, "POST", "/v1/operators", { name, role, password });
  }

  async as<T>(token: string, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as T;
  }

  // The interface beside the console: what a test prepares, and what it checks the screen against.
  async api<T>(account: Account, method: string, path: string, body?: unknown): Promise<T> {
    let token = this.#tokens.get(account);
    if (!token) {
      token = (await this.as<{ token: string }>("", "POST", "/v1/login", { name: account, password })).token;
      this.#tokens.set(account, token);
    }
    return this.as(token, method, path, body);
  }

  // Draft, second entry, release: the answer is the version.
  // `read`: what the second person enters, where it is not the first volume as it is.
  async release(id: string, declaration: Declaration, read?: Declaration["volumes"][number]): Promise<string> {
    await this.api("duty", "PUT", `/v1/notices/${id}`, { declaration, draft: true });
    await this.api("second", "POST", `/v1/notices/${id}/check`, { reading: readingOf(read ? { ...declaration, volumes: [read] } : declaration) });
    const done = await this.api<{ decision: { version: string } }>("duty", "POST", "/v1/acts", { act: "release", notice: id, check: "second_entry" });
    return done.decision.version;
  }
}

export interface Declaration {
  kind: string;
  data_mode: string;
  volumes: { outline_circle: unknown; altitude_lower: unknown; altitude_upper: unknown; time_start: string; time_end: string }[];
  [more: string]: unknown;
}

export const readingOf = (declaration: Declaration): unknown => ({ volume: declaration.volumes[0], data_mode: declaration.data_mode });

export const minutesFromNow = (minutes: number): string =>
  `${new Date(Math.floor(Date.now() / 60_000) * 60_000 + minutes * 60_000).toISOString().slice(0, 19)}Z`;

export function circle(at: { lat: number; lng: number }, options: Partial<{ kind: string; radius_km: number; lower_m: number; upper_m: number; from: number; to: number; more: object }> = {}): Declaration {
  const { kind = "activity", radius_km = 5, lower_m = 1000, upper_m = 2000, from = 60, to = 120, more = {} } = options;
  return {
    kind,
    data_mode: "REAL",
    ...(kind === "hazard" ? { hazard: { class: "live_firing", source: "own" } } : {}),
    ...more,
    volumes: [
      {
        outline_circle: { center: at, radius: { value: radius_km, units: "KM" } },
        altitude_lower: { value: lower_m, reference: "AMSL", units: "M" },
        altitude_upper: { value: upper_m, reference: "AMSL", units: "M" },
        time_start: minutesFromNow(from),
        time_end: minutesFromNow(to),
      },
    ],
  };
}

export interface Pair {
  north: Node;
  south: Node;
  stop(): Promise<void>;
}

// Signed anew by both, before either runs.
function changeAgreement(folder: string, edit: (text: string) => string): void {
  const draft = join(folder, "agreement.toml");
  const before = readFileSync(draft, "utf8");
  const after = edit(before);
  if (after === before) throw new Error("the agreement was not changed");
  writeFileSync(draft, after);
  const [north, south] = (["north", "south"] as const).map((name) => join(folder, name)) as [string, string];
  const signed = join(north, "agreement.json");
  rmSync(signed);
  const run = (...args: string[]): unknown => execFileSync(join(bin, "wideberth"), ["agreement", ...args], { encoding: "utf8" });
  run("propose", draft, "--keys", join(north, "keys"), "--output", signed);
  run("sign", signed, "--keys", join(south, "keys"), "--card", join(north, "keys/party-card.json"));
  copyFileSync(signed, join(south, "agreement.json"));
}

// `agreement`: makes another text of the one that both would sign.
export async function startPair(agreement?: (text: string) => string): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), "wideberth-e2e-"));
  const { base: port, claim } = await claimPorts();
  execFileSync(join(bin, "wideberth"), ["node", "pair", "--development", "--dir", folder, "--port", String(port)]);
  if (agreement) changeAgreement(folder, agreement);
  const north = new Node("north", folder, port);
  const south = new Node("south", folder, port + 2);
  await Promise.all([north.start(), south.start()]);
  await Promise.all([north.makeAccounts(), south.makeAccounts()]);
  await eventually("the line is up", async () => {
    const { lines } = await north.api<{ lines: { state: string }[] }>("duty", "GET", "/v1/lines");
    return lines[0]?.state === "up";
  });
  return {
    north,
    south,
    stop: async () => {
      await Promise.all([north.stop(), south.stop()]);
      await closed(claim);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
