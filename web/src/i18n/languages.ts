// The languages of the console, in the order of src/phrases.
export const languages = ["en", "ru", "he", "ar", "tr", "uk", "fr"] as const;
export type Language = (typeof languages)[number];

export const nameOfLanguage: Record<Language, string> = {
  en: "English",
  ru: "Русский",
  he: "עברית",
  ar: "العربية",
  tr: "Türkçe",
  uk: "Українська",
  fr: "Français",
};

// The languages whose texts a native speaker who knows the trade has reviewed. The rest is shown with a mark.
export const reviewed: readonly Language[] = ["en"];

export function isRightToLeft(language: Language): boolean {
  return language === "he" || language === "ar";
}

// "uk-UA" is Ukrainian; what is none of ours is English.
export function languageOf(tag: string): Language {
  return languages.find((language) => tag.toLowerCase().split("-")[0] === language) ?? "en";
}
