// Texts of the interface in the person's language, and the words for the codes that cross a line.
//
//   t("watch.all", { n: 12 })          a text with its values put in
//   word("no_objection")               the phrase of a code; the code itself where the table has none
import { computed, effect, signal } from "@preact/signals";
import phrases from "virtual:phrases";
import { settings } from "../state/settings.ts";
import { type Messages, en, type TextKey } from "./en.ts";
import { isRightToLeft, type Language, languages, reviewed } from "./languages.ts";

const loaders: Record<Exclude<Language, "en">, () => Promise<{ default: Partial<Messages> }>> = {
  ru: () => import("./ru.ts"),
  he: () => import("./he.ts"),
  ar: () => import("./ar.ts"),
  tr: () => import("./tr.ts"),
  uk: () => import("./uk.ts"),
  fr: () => import("./fr.ts"),
};

interface Shown {
  language: Language;
  messages: Messages;
}

// Changes only when the texts have arrived: until then the language before stays on the screen.
export const shown = signal<Shown>({ language: "en", messages: en });
export const unreviewed = computed(() => !reviewed.includes(shown.value.language));

effect(() => {
  const language = settings.value.language;
  const show = (messages: Messages): void => {
    if (settings.peek().language !== language) return;
    shown.value = { language, messages };
    document.documentElement.lang = language;
    document.documentElement.dir = isRightToLeft(language) ? "rtl" : "ltr";
  };
  if (language === "en") show(en);
  else void loaders[language]().then((module) => show({ ...en, ...module.default }));
});

export function fill(text: string, values: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export function t(key: TextKey, values?: Record<string, string | number>): string {
  return fill(shown.value.messages[key], values);
}

export function wordIn(code: string, language: Language): string {
  const row = phrases[code.toLowerCase()];
  return row?.[languages.indexOf(language)] ?? code.replaceAll("_", " ");
}

// The text of a code under a prefix of the interface. A node may be newer than this page: what it has no text for is shown
// as its word.
export function named(prefix: string, code: string): string {
  const key = `${prefix}.${code}`;
  return key in shown.value.messages ? t(key as TextKey) : word(code);
}

// A text of the interface stands before the table: the two serve different places.
export function word(code: string): string {
  const key = `word.${code}`;
  const { messages, language } = shown.value;
  return key in messages ? messages[key as TextKey] : wordIn(code, language);
}
