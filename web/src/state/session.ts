// Who is signed in, and what is to be done when a session ends in the middle of something.
import { computed, signal } from "@preact/signals";
import { ApiError, api, onSessionOver, setCsrf } from "../api/client.ts";
import type { Me } from "../api/types.ts";

export const me = signal<Me | null>(null);
// True from the moment that a session is over until somebody has signed in: the sign-in stands over everything.
export const signInNeeded = signal(false);

export const mayDo = (act: string): boolean => me.value?.may.includes(act) ?? false;
export const partyId = computed(() => me.value?.party.id ?? "");

let waiting: (() => void)[] = [];

function take(person: Me): void {
  setCsrf(person.csrf ?? "");
  me.value = person;
  signInNeeded.value = false;
  const resume = waiting;
  waiting = [];
  for (const go of resume) go();
}

onSessionOver(async () => {
  // Another tab of this browser may have signed in already: the cookie is common to all.
  if (await resumeSession()) return;
  signInNeeded.value = true;
  await new Promise<void>((resolve) => waiting.push(resolve));
});

// True if the browser's cookie is of an open session.
export async function resumeSession(): Promise<boolean> {
  try {
    take(await api.get<Me>("/v1/me"));
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false;
    throw error;
  }
}

export async function signIn(name: string, password: string): Promise<void> {
  const opened = await api.post<Me>("/v1/login", { name, password, cookie: true });
  setCsrf(opened.csrf ?? "");
  take(await api.get<Me>("/v1/me"));
}

export async function signOut(): Promise<void> {
  await api.post("/v1/logout");
  location.reload();
}

export function needSignIn(): Promise<void> {
  signInNeeded.value = true;
  return new Promise((resolve) => waiting.push(resolve));
}

// Someone who confirms at this desk without taking the watch: signs in for one act and is signed out at its end.
export async function asSecondPerson<T>(
  name: string,
  password: string,
  act: (token: string) => Promise<T>,
): Promise<T> {
  const { token } = await api.post<{ token: string }>("/v1/login", { name, password });
  try {
    return await act(token);
  } finally {
    await api.post("/v1/logout", {}, token).catch(() => undefined);
  }
}
