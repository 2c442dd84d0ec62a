// The node's stream of changes (GET /v1/events), read with fetch and not with EventSource, because a display must know
// that the stream is silent: the node sends a comment every 15 s, which EventSource keeps to itself.

export interface StreamEvent {
  event: string;
  data: unknown;
}

export interface StreamHandlers {
  // Every event, in order. `open` or `gap` is the first of each stream: read the lists again at either.
  onEvent(event: StreamEvent): void;
  // A stream has ended or gone silent; another is tried at once, then with pauses.
  onLost(): void;
  // The node refused: the session is over. Resolves when it makes sense to try again.
  onRefused(status: number): Promise<void>;
}

export const silence_ms = 35_000;
const pause_ms_max = 5_000;

// Cuts text into events. Feed it chunks as they come.
export class EventParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id = "";
  lastId = "";

  push(chunk: string): StreamEvent[] {
    const events: StreamEvent[] = [];
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (line === "") this.#end(events);
      else this.#field(line);
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id") this.#id = value;
  }

  #end(events: StreamEvent[]): void {
    if (this.#id) this.lastId = this.#id;
    if (this.#data.length > 0) {
      events.push({ event: this.#event || "message", data: JSON.parse(this.#data.join("\n")) as unknown });
    }
    this.#event = "";
    this.#data = [];
    this.#id = "";
  }
}

async function readStream(parser: EventParser, handlers: StreamHandlers, stop: AbortSignal): Promise<void> {
  const silent = new AbortController();
  let timer = setTimeout(() => silent.abort(), silence_ms);
  try {
    const headers: Record<string, string> = parser.lastId ? { "Last-Event-ID": parser.lastId } : {};
    const answer = await fetch("/v1/events", { headers, signal: AbortSignal.any([stop, silent.signal]) });
    if (answer.status === 401 || answer.status === 403) return await handlers.onRefused(answer.status);
    if (!answer.ok || !answer.body) return;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silent.abort(), silence_ms);
      for (const event of parser.push(value)) handlers.onEvent(event);
    }
  } finally {
    clearTimeout(timer);
  }
}

// Reads until `stop`; each time it breaks off it says so and begins again.
export async function follow(handlers: StreamHandlers, stop: AbortSignal): Promise<void> {
  let pause_ms = 100;
  let lastId = "";
  while (!stop.aborted) {
    const parser = new EventParser();
    parser.lastId = lastId;
    try {
      await readStream(parser, handlers, stop);
    } catch {
      // A broken connection and a silent one end alike: below.
    }
    if (stop.aborted) return;
    if (parser.lastId !== lastId) pause_ms = 100;
    lastId = parser.lastId;
    handlers.onLost();
    await new Promise((resume) => setTimeout(resume, pause_ms));
    pause_ms = Math.min(pause_ms * 2, pause_ms_max);
  }
}
