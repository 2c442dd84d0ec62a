// What a person does. Each act goes to the node as it is; the answer comes when it is on the disk there.
import { api } from "../api/client.ts";
import type { Act, ActAnswer, Declaration, Decision, Notice, Reading } from "../api/types.ts";
import { refreshNotice } from "./picture.ts";
import { asSecondPerson } from "./session.ts";

export async function act(body: Act): Promise<ActAnswer> {
  const answer = await api.post<ActAnswer>("/v1/acts", body);
  if ("notice" in body) refreshNotice(body.notice);
  return answer;
}

export interface PutOptions {
  held?: boolean;
  replaces?: string;
}

// Keeps the content at this node alone; `replaces` is the version that was being edited, so that two people who edit one
// draft cannot overwrite each other unseen.
export async function keep(id: string, declaration: Declaration, options: PutOptions = {}): Promise<Decision> {
  const { held, replaces } = options;
  const decision = await api.put<Decision>(`/v1/notices/${id}`, {
    declaration,
    ...(held ? { held: true } : { draft: true }),
    ...(replaces ? { replaces } : {}),
  });
  refreshNotice(id);
  return decision;
}

// The second person's own entry of the position. Refused with the field and the difference where it does not agree.
export function checkAsSecond(id: string, reading: Reading, name: string, password: string): Promise<void> {
  return asSecondPerson(name, password, async (token) => {
    await api.post(`/v1/notices/${id}/check`, { reading }, token);
  });
}

export async function check(id: string, reading: Reading): Promise<void> {
  await api.post(`/v1/notices/${id}/check`, { reading });
}

export function newId(): string {
  return crypto.randomUUID();
}

export const latestDigest = (notice: Notice): string => notice.latest.digest;
