import { describe, expect, it } from "vitest";
import "../testing/globals.ts";
import ar from "./ar.ts";
import { en, type TextKey } from "./en.ts";
import fr from "./fr.ts";
import he from "./he.ts";
import { isRightToLeft, languageOf, languages } from "./languages.ts";
import ru from "./ru.ts";
import tr from "./tr.ts";
import uk from "./uk.ts";
import { fill, wordIn } from "./text.ts";

const all = { ar, fr, he, ru, tr, uk };
// Forms of what is typed: the same in every language.
const forms: TextKey[] = ["hint.position", "hint.place", "hint.length", "hint.height", "hint.time", "calls.from_to"];
const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map((hole) => hole[0]).sort();

describe.each(Object.entries(all))("%s", (_, messages) => {
  it("has every text that is not a form", () => {
    const missing = (Object.keys(en) as TextKey[]).filter((key) => !(key in messages) && !forms.includes(key));
    expect(missing).toEqual([]);
  });
  it("puts the same values in", () => {
    for (const [key, text] of Object.entries(messages)) expect(holes(text), key).toEqual(holes(en[key as TextKey]));
  });
  it("has no character that turns the direction of text around", () => {
    for (const text of Object.values(messages)) expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  });
});

describe("words", () => {
  it("come from the table of phrases, the code where it has none", () => {
    expect(wordIn("live_firing", "ru")).toBe("боевые стрельбы");
    expect(wordIn("REAL", "fr")).not.toBe("REAL");
    expect(wordIn("no_such_code", "he")).toBe("no such code");
    for (const language of languages) expect(wordIn("stop", language)).not.toBe("");
  });
  it("take values by name and leave what is not given", () => {
    expect(fill("{a} {b} {a}", { a: 1 })).toBe("1 {b} 1");
  });
  it("know their direction and their tags", () => {
    expect(languages.filter(isRightToLeft)).toEqual(["he", "ar"]);
    expect([languageOf("uk-UA"), languageOf("HE"), languageOf("xx")]).toEqual(["uk", "he", "en"]);
  });
});
