// What is said over voice, field by field, in the person's language and in the other party's: the words of the phrase
// table, marked where nobody has reviewed them, with the English beside.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Declaration, LatLng, Notice } from "../api/types.ts";
import { type Language, languages, nameOfLanguage, reviewed } from "../i18n/languages.ts";
import { shown, t, wordIn } from "../i18n/text.ts";
import { Select } from "../ui/parts.tsx";
import { formatPosition } from "../units/coordinates.ts";
import { typedHeight, typedLength } from "../units/measures.ts";
import { formatUtc } from "../units/time.ts";

interface Said {
  code: string;
  value: string;
}

// Digits apart, so that they are read one by one.
const apart = (text: string): string => text.replace(/\d(?=\d)/g, "$& ");

function places(declaration: Declaration): Said[] {
  return declaration.volumes.flatMap((volume) => {
    const vertex = (at: LatLng): Said => ({ code: "vertex", value: apart(formatPosition(at)) });
    const said: Said[] = [];
    if (volume.outline_circle) {
      said.push({ code: "centre", value: apart(formatPosition(volume.outline_circle.center)) });
      said.push({ code: "radius", value: apart(typedLength(volume.outline_circle.radius)) });
    }
    said.push(...(volume.outline_polygon?.vertices ?? []).map(vertex));
    said.push(...(volume.outline_corridor?.centreline ?? []).map(vertex));
    return [
      ...said,
      { code: "lower", value: apart(typedHeight(volume.altitude_lower)) },
      { code: "upper", value: apart(typedHeight(volume.altitude_upper)) },
      { code: "from", value: volume.time_start === "open" ? "" : apart(`${volume.time_start.slice(0, 10)} ${formatUtc(volume.time_start)}`) },
      { code: "to", value: volume.time_end === "open" ? "" : apart(`${volume.time_end.slice(0, 10)} ${formatUtc(volume.time_end)}`) },
    ];
  });
}

export function scriptOf(notice: Notice): Said[] {
  const declaration = notice.latest.declaration;
  if (!declaration) return [];
  const said: Said[] = [];
  said.push({ code: declaration.data_mode === "EXERCISE" ? "exercise" : declaration.data_mode.toLowerCase(), value: "" });
  said.push({ code: "notice", value: apart(`${notice.id.slice(0, 8)} / ${notice.latest.number}`) });
  said.push({ code: declaration.hazard?.class ?? declaration.kind, value: "" });
  said.push(...places(declaration));
  if (declaration.on_behalf_of) said.push({ code: "not_verified", value: "" });
  if (declaration.role_to_call) said.push({ code: "call", value: declaration.role_to_call });
  if (declaration.frequency) said.push({ code: "frequency", value: apart(declaration.frequency) });
  said.push({ code: "read_back", value: "" });
  return said;
}

export function CallScript({ notice }: { notice: Notice }): JSX.Element {
  const [theirs, setTheirs] = useState<Language>("en");
  const ours = shown.value.language;
  const column = (language: Language, said: Said): JSX.Element => (
    <td lang={language} dir="auto">
      <span class="said">{wordIn(said.code, language)}</span>{" "}
      {!reviewed.includes(language) && <span class="tag warn">{t("settings.unreviewed_mark")}</span>}
    </td>
  );
  return (
    <div class="stack tight">
      <Select
        label={t("script.other_language")}
        value={theirs}
        onChange={(value) => setTheirs(value as Language)}
        choices={languages.map((language) => ({ value: language, label: nameOfLanguage[language] }))}
      />
      <div class="scroll" role="region" aria-label={t("script.title")} tabIndex={0}>
        <table class="script">
          <thead>
            <tr>
              <th scope="col">{t("script.code")}</th>
              <th scope="col">{nameOfLanguage[ours]}</th>
              {theirs !== ours && <th scope="col">{nameOfLanguage[theirs]}</th>}
              <th scope="col">{t("script.value")}</th>
            </tr>
          </thead>
          <tbody>
            {scriptOf(notice).map((said, i) => (
              <tr key={i}>
                <th scope="row" class="mono ltr">{said.code}</th>
                {column(ours, said)}
                {theirs !== ours && column(theirs, said)}
                <td class="ltr said">{said.value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
