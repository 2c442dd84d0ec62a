// Requests to the node that served the page. The session is a cookie that no script can read (see /v1/login); what
// proves that a request is the console's own is the `csrf` text, kept here alone.

// A refusal in the node's words, or `code: "unreachable"` when there was no answer: then nobody knows whether it was done.
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string;
  readonly rule: string;
  readonly found: string;

  constructor(status: number, code: string, field: string, rule: string, found = "") {
    super(`${field}: ${rule}${found ? ` (${found})` : ""}`);
    this.status = status;
    this.code = code;
    this.field = field;
    this.rule = rule;
    this.found = found;
  }

  get isLost(): boolean {
    return this.code === "unreachable";
  }
}

interface Options {
  body?: unknown;
  // Of a second person at this desk, in place of the session.
  token?: string;
  signal?: AbortSignal;
}

let csrf = "";
let askToSignIn: (() => Promise<void>) | undefined;

const patience_ms = 20_000;

export function setCsrf(text: string): void {
  csrf = text;
}

// What to do when the session is over in the middle of something: resolves when somebody has signed in again, and the
// request goes out then.
export function onSessionOver(ask: () => Promise<void>): void {
  askToSignIn = ask;
}

async function refusalOf(answer: Response): Promise<ApiError> {
  try {
    const { error } = (await answer.json()) as { error: { code: string; field: string; rule: string; found?: string } };
    return new ApiError(answer.status, error.code, error.field, error.rule, error.found);
  } catch {
    return new ApiError(answer.status, "internal", "", answer.statusText);
  }
}

function headersFor(options: Options): Headers {
  const headers = new Headers();
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (options.token) headers.set("Authorization", `Bearer ${options.token}`);
  else if (csrf) headers.set("X-Wideberth-CSRF", csrf);
  return headers;
}

async function once(method: string, path: string, options: Options): Promise<Response> {
  const signals = [AbortSignal.timeout(patience_ms), ...(options.signal ? [options.signal] : [])];
  try {
    return await fetch(path, {
      method,
      headers: headersFor(options),
      credentials: options.token ? "omit" : "same-origin",
      redirect: "error",
      signal: AbortSignal.any(signals),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError(0, "unreachable", "", cause instanceof Error ? cause.message : String(cause));
  }
}

async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  return (await (await respond(method, path, options)).json()) as T;
}

async function respond(method: string, path: string, options: Options): Promise<Response> {
  let answer = await once(method, path, options);
  const signingIn = path === "/v1/login" || path === "/v1/me" || path === "/v1/logout";
  // 403 on the proof: somebody signed in from another tab, and this one's proof is of the session before.
  const isOver = async (): Promise<boolean> =>
    answer.status === 401 ||
    (answer.status === 403 && (await answer.clone().text()).includes('"field":"x-wideberth-csrf"'));
  if (!options.token && !signingIn && askToSignIn && (await isOver())) {
    await askToSignIn();
    answer = await once(method, path, options);
  }
  if (!answer.ok) throw await refusalOf(answer);
  return answer;
}

export const api = {
  get: <T>(path: string, signal?: AbortSignal) => request<T>("GET", path, signal ? { signal } : {}),
  // What is no JSON: the record's own files.
  text: async (path: string) => (await respond("GET", path, {})).text(),
  bytes: async (path: string) => new Uint8Array(await (await respond("GET", path, {})).arrayBuffer()),
  post: <T>(path: string, body: unknown = {}, token?: string) =>
    request<T>("POST", path, token ? { body, token } : { body }),
  put: <T>(path: string, body: unknown) => request<T>("PUT", path, { body }),
};

// Every page of a list, in order.
export async function getAll<T>(path: string, member: string): Promise<T[]> {
  const items: T[] = [];
  let after: number | undefined;
  do {
    const query: string = after === undefined ? "limit=10000" : `limit=10000&after=${after}`;
    const page = await api.get<Record<string, T[]> & { next?: number }>(`${path}${path.includes("?") ? "&" : "?"}${query}`);
    items.push(...((page[member] as T[] | undefined) ?? []));
    after = page.next;
  } while (after !== undefined);
  return items;
}
