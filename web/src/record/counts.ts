// What the page of statistics shows of a peer, in its order.
export const counted = ["sent", "received", "sent_late", "received_late", "read_back_mismatches", "release_blocked", "checks_made", "checks_missed", "stop_calls", "stop_calls_unanswered", "breaches_accepted", "breaches_rejected", "incursion_warnings", "incursion_warnings_unanswered", "times_lost", "climbed"] as const;
export const durations = ["lead_at_r1", "lead_at_r3", "receipt", "read_back", "read_back_by_us"] as const;
