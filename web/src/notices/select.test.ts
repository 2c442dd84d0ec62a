import { describe, expect, it } from "vitest";
import type { Line, Notice, Recipient } from "../api/types.ts";
import { actOn, assessment, byUrgency, delivery, dissemination, isInForce } from "./select.ts";

const peer = { id: "p", name: "south" };
const notice = (change: object = {}): Notice => {
  const { latest, ...rest } = change as { latest?: object };
  return {
    id: "n", party: { id: "o" }, kind: "activity", data_mode: "REAL", activity: "planned", recipients: [],
    ...rest,
    latest: { number: 1, digest: "d1", stored_at: "2027-01-15T10:00:00Z", disclosure: "declared", author: "released", lead_time_s: 1, late: false, ...latest },
  } as Notice;
};

describe("the five axes", () => {
  it("never read one as another", () => {
    const received: Recipient = { party: peer, received_at: "t", received_counts: true };
    expect(delivery({ party: peer }).state).toBe("not_received");
    expect(delivery(received).state).toBe("received");
    expect(delivery({ ...received, read_back_at: "t", read_back_counts: true }).state).toBe("read_back");
    // Of an older version: kept, and it does not count.
    expect(delivery({ ...received, read_back_at: "t", read_back_counts: false }).tone).toBe("warn");
    // Silence is no consent, and an assessment is no receipt.
    expect(assessment(received)).toEqual({ state: "none", tone: "none" });
    expect(delivery({ party: peer, assessment: "no_objection", assessment_counts: true }).state).toBe("not_received");
    expect(assessment({ party: peer, assessment: "no_objection", assessment_counts: false }).state).toBe("old");
    expect(dissemination(received).state).toBe("untold");
  });

  it("say of what has not come to a peer to whom nothing goes now that it was not sent", () => {
    const received: Recipient = { party: peer, received_at: "t", received_counts: true };
    const line = (change: object): Line => ({ peer, state: "up", paths: [], ...change }) as unknown as Line;
    const old_copy = { peer_heard: true, held: 1, peer_holds: 9, differs: false, keys_changed: false, this_line_only: true };
    for (const silent of [line({ state: "lost" }), line({ state: "connecting" }), line({ old_copy })]) {
      expect(delivery({ party: peer }, silent)).toEqual({ state: "not_sent", tone: "alarm" });
      expect(delivery(undefined, silent).state).toBe("not_sent");
      expect(delivery({ ...received, received_counts: false }, silent).state).toBe("not_sent");
      expect(delivery(received, silent).state).toBe("received");
      expect(delivery({ ...received, read_back_at: "t", read_back_counts: true }, silent).state).toBe("read_back");
    }
    for (const open of [line({}), line({ state: "recovering" })]) expect(delivery({ party: peer }, open).state).toBe("not_received");
  });

  it("keep a hazard in force until its all-clear, whatever its window", () => {
    for (const activity of ["planned", "active", "ended"]) expect(isInForce(notice({ kind: "hazard", activity }))).toBe(true);
    for (const activity of ["all_clear", "no_longer_observed"]) expect(isInForce(notice({ kind: "hazard", activity }))).toBe(false);
    expect(isInForce(notice({ activity: "ended" }))).toBe(false);
    expect(isInForce(notice({ latest: { author: "withdrawn" } }))).toBe(false);
    expect(isInForce(notice({ latest: { disclosure: "held" } }))).toBe(false);
  });

  it("keep what was released in force while a draft lies over it", () => {
    const corrected = notice({ latest: { author: "draft", number: 2, digest: "d2" }, recipients: [{ party: peer }] });
    expect(isInForce(corrected)).toBe(true);
    expect(isInForce(notice({ latest: { author: "draft" } }))).toBe(false);
    const told = { ...notice().latest, digest: "d1" };
    expect(actOn(corrected, [told, corrected.latest]).version).toBe("d1");
    expect(actOn(notice(), [told]).version).toBe("d1");
  });

  it("sort what is active before what is planned", () => {
    const sorted = [notice({ id: "b" }), notice({ id: "a", activity: "active" }), notice({ id: "c" })].sort(byUrgency);
    expect(sorted.map((n) => n.id)).toEqual(["a", "b", "c"]);
  });
});
