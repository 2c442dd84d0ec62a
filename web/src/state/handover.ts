// The note that the watch before has left: in sight until somebody else than its writer has acknowledged it.
import { computed, signal } from "@preact/signals";
import { api } from "../api/client.ts";
import type { ActAnswer, Handover } from "../api/types.ts";
import { mayDo, me } from "./session.ts";

export const handover = signal<Handover | null>(null);

// The note that stood when this person came: that one is shown over everything, a later one above every page.
export const atSignIn = signal(0);
let lookedFor = "";

export async function readHandover(): Promise<void> {
  const { handover: note } = await api.get<{ handover?: Handover }>("/v1/handover");
  handover.value = note ?? null;
  const person = me.value?.key_id ?? "";
  if (person === lookedFor) return;
  lookedFor = person;
  atSignIn.value = note?.number ?? 0;
}

async function actThenRead(body: { act: "hand_over"; text: string } | { act: "acknowledge_handover"; number: number }): Promise<void> {
  await api.post<ActAnswer>("/v1/acts", body);
  await readHandover();
}
export const giveHandover = (text: string): Promise<void> => actThenRead({ act: "hand_over", text });
export const acknowledge = (number: number): Promise<void> => actThenRead({ act: "acknowledge_handover", number });

// It waits for the person who is signed in now.
export const noteForMe = computed(() => {
  const note = handover.value;
  return note && !note.acknowledged_by && note.key !== me.value?.key_id && mayDo("acknowledge_handover") ? note : null;
});
