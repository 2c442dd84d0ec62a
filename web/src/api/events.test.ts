import { describe, expect, it } from "vitest";
import { EventParser } from "./events.ts";

const stream = [
  'id: 4\nevent: open\ndata: {"durable_seq":4}\n\n',
  ": keep alive\n\n",
  'event: conflict\ndata: {"id":"a",\ndata: "state":"open"}\n\n',
  'id: 9\nevent: notice\ndata: {"notice":"n"}\n\n',
].join("");

describe("the stream of changes", () => {
  it("gives the same events however it is cut into chunks", () => {
    const whole = new EventParser().push(stream);
    expect(whole.map((e) => e.event)).toEqual(["open", "conflict", "notice"]);
    expect(whole[1]?.data).toEqual({ id: "a", state: "open" });
    for (let size = 1; size <= stream.length; ++size) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < stream.length; at += size) events.push(...parser.push(stream.slice(at, at + size)));
      expect(events).toEqual(whole);
      expect(parser.lastId).toBe("9");
    }
  });

  it("takes the number of a batch only when its last event is whole", () => {
    const parser = new EventParser();
    parser.push('event: conflict\ndata: {}\n\nid: 7\nevent: notice\ndata: {"notice"');
    expect(parser.lastId).toBe("");
    parser.push(':"n"}\r\n\r\n');
    expect(parser.lastId).toBe("7");
  });
});
