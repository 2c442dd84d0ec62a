// What a person has set at this desk. Kept in this browser alone.
import { effect, signal } from "@preact/signals";
import type { Language } from "../i18n/languages.ts";
import { languageOf } from "../i18n/languages.ts";

export interface Settings {
  language: Language;
  night: boolean;
  large: boolean;
  sound: boolean;
  height: "ft" | "m";
  distance: "NM" | "km";
}

const key = "wideberth.settings";

function read(): Settings {
  const fallback: Settings = {
    language: languageOf(navigator.language),
    night: matchMedia("(prefers-color-scheme: dark)").matches,
    large: false,
    sound: true,
    height: "ft",
    distance: "NM",
  };
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Settings>;
    const merged = { ...fallback, ...kept };
    return { ...merged, language: languageOf(merged.language) };
  } catch {
    return fallback;
  }
}

export const settings = signal<Settings>(read());

export function set(change: Partial<Settings>): void {
  settings.value = { ...settings.value, ...change };
}

effect(() => {
  try {
    localStorage.setItem(key, JSON.stringify(settings.value));
  } catch {
    // A browser that keeps nothing: the settings last as long as the tab.
  }
});
