// What a person sets at this desk, and the keys.
import type { JSX } from "preact";
import { signal } from "@preact/signals";
import { type TextKey } from "../i18n/en.ts";
import { t, unreviewed } from "../i18n/text.ts";
import { pages } from "../state/route.ts";
import { me, signOut } from "../state/session.ts";
import { type Settings, set, settings } from "../state/settings.ts";
import { Choices, Dialog } from "./parts.tsx";
import { LanguageChoice } from "./signin.tsx";

export const help = signal<"settings" | "keys" | null>(null);
const close = (): void => {
  help.value = null;
};

const switches: { key: "night" | "large" | "sound"; label: TextKey; press: string }[] = [
  { key: "night", label: "settings.night", press: "N" },
  { key: "large", label: "settings.large", press: "L" },
  { key: "sound", label: "settings.sound", press: "" },
];

export function SettingsDialog(): JSX.Element {
  const now = settings.value;
  return (
    <Dialog title={t("settings.title")} onClose={close}>
      <LanguageChoice />
      {unreviewed.value && <p class="item warn">{t("settings.unreviewed")}</p>}
      {switches.map(({ key, label, press }) => (
        <label key={key} class="check">
          <input type="checkbox" checked={now[key]} onChange={() => set({ [key]: !now[key] })} />
          {t(label)} {press && <kbd>{press}</kbd>}
        </label>
      ))}
      <Choices
        label={t("settings.height")}
        value={now.height}
        choices={[
          { value: "ft", label: "ft" },
          { value: "m", label: "m" },
        ]}
        onChange={(height) => set({ height: height as Settings["height"] })}
      />
      <Choices
        label={t("settings.distance")}
        value={now.distance}
        choices={[
          { value: "NM", label: "NM" },
          { value: "km", label: "km" },
        ]}
        onChange={(distance) => set({ distance: distance as Settings["distance"] })}
      />
      <div class="row">
        <span class="grow">
          {me.value?.name} · {me.value && t(`role.${me.value.role}`)}
        </span>
        <button type="button" onClick={() => void signOut()}>
          {t("signin.out")}
        </button>
      </div>
    </Dialog>
  );
}

const keys: [string, TextKey][] = [
  ["Shift S", "urgent.stop"],
  ["Shift H", "urgent.hazard"],
  ["G", "notices.give"],
  ["M", "alarm.silence"],
  ["N", "settings.night"],
  ["L", "settings.large"],
  [",", "settings.title"],
  ["?", "keys.title"],
  ["Esc", "ui.close"],
];

export function KeysDialog(): JSX.Element {
  return (
    <Dialog title={t("keys.title")} onClose={close}>
      <dl class="facts">
        {pages.map((page, i) => (
          <Key key={page} press={String(i + 1)} label={t(`page.${page}`)} />
        ))}
        {keys.map(([press, label]) => (
          <Key key={press} press={press} label={t(label)} />
        ))}
      </dl>
    </Dialog>
  );
}

function Key({ press, label }: { press: string; label: string }): JSX.Element {
  return (
    <>
      <dt>
        {press.split(" ").map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </dt>
      <dd>{label}</dd>
    </>
  );
}
