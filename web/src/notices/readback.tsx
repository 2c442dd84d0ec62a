// The receiver's read-back, in two steps. First the person studies the notice; then every display of its values is gone
// and the person enters, from own plot or notes, what they have. The node compares. A difference blocks, and says which
// value and by how much; the person then studies again.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../api/client.ts";
import type { NoticeDetail } from "../api/types.ts";
import { t } from "../i18n/text.ts";
import { act } from "../state/acts.ts";
import { nodeNow } from "../state/clock.ts";
import { notices } from "../state/picture.ts";
import { go } from "../state/route.ts";
import { Choices, Empty, ErrorText, useTask } from "../ui/parts.tsx";
import { Content } from "./content.tsx";
import { nameOf, shortId } from "./item.tsx";
import { emptyEntry, EntryFields, readingOf } from "./reading.tsx";

export function ReadBackPage({ id, of }: { id: string; of: string | undefined }): JSX.Element {
  const [entering, setEntering] = useState(false);
  const [entry, setEntry] = useState(emptyEntry);
  const [detail, setDetail] = useState<NoticeDetail | null>(null);
  const task = useTask();
  const notice = notices.value.get(id);
  // The version that is on the screen while it is studied is the one that is read back, whatever comes meanwhile.
  useEffect(() => {
    if (!entering) void api.get<NoticeDetail>(`/v1/notices/${id}`).then(setDetail, () => setDetail(null));
  }, [id, entering, notice?.latest.digest]);
  if (!detail) return <Empty>{t("ui.loading")}</Empty>;
  const studied = detail.notice;
  const changed = notice !== undefined && notice.latest.digest !== studied.latest.digest;
  const reading = readingOf(entry, nodeNow());
  const send = async (): Promise<void> => {
    if (!reading) return;
    const sent = await task.run(() =>
      act({ act: "read_back", notice: id, version: studied.latest.digest, reading, ...(of ? { of } : {}), ...(entry.vertices === null ? {} : { over_voice: true }) }),
    );
    if (sent) go("notices", id);
  };
  const mismatch = task.error instanceof ApiError && task.error.status === 409;
  return (
    <div class="stack">
      <div class="row">
        <h1 class="grow">
          {of ? t("readback.title_clear") : t("readback.title")} <span class="mono ltr">{shortId(studied)}</span>
        </h1>
        <a class="button" href={`#/notices/${id}`}>
          {t("ui.back")}
        </a>
      </div>
      {changed && <p class="item warn" role="alert">{t("readback.changed")}</p>}
      {!entering && (
        <section class="panel stack">
          <p>{t("readback.study")}</p>
          <h2>
            <bdi>{nameOf(studied)}</bdi>
          </h2>
          {studied.latest.declaration && <Content declaration={studied.latest.declaration} />}
          <div class="row">
            <button type="button" class="primary" onClick={() => setEntering(true)}>
              {t("readback.enter")}
            </button>
          </div>
        </section>
      )}
      {entering && (
        <form
          class="panel stack"
          onSubmit={(event) => {
            event.preventDefault();
            void send();
          }}
        >
          <p>{t("readback.hidden")}</p>
          <Choices
            label={t("readback.way")}
            value={entry.vertices === null ? "data" : "voice"}
            onChange={(value) => setEntry({ ...entry, vertices: value === "voice" ? (entry.vertices ?? "") : null })}
            choices={[
              { value: "data", label: t("readback.by_data") },
              { value: "voice", label: t("readback.by_voice") },
            ]}
          />
          <EntryFields entry={entry} change={(change) => setEntry({ ...entry, ...change })} />
          {mismatch && <p class="item alarm"><strong>{t("readback.mismatch")}</strong></p>}
          <ErrorText error={task.error} />
          <div class="row">
            <button class="primary" disabled={!reading || task.busy || changed}>
              {task.busy ? t("ui.sending") : t("readback.compare")}
            </button>
            <button type="button" onClick={() => setEntering(false)}>
              {t("readback.again")}
            </button>
          </div>
        </form>
      )}
    </div>
  );
}
