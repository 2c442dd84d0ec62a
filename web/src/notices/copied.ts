// A draft on its way from one page to the form: what a suggestion proposes, taken once.
import type { Draft } from "./draft.ts";

let handed: { notice: string | undefined; draft: Draft } | null = null;

export const copied = {
  // `notice`: that it changes; none for one that is to be given.
  put: (notice: string | undefined, draft: Draft): void => {
    handed = { notice, draft };
  },
  take: (notice: string | undefined): Draft | null => {
    if (!handed || handed.notice !== notice) return null;
    const { draft } = handed;
    handed = null;
    return draft;
  },
};
