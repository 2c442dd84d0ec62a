// A draft on its way from one page to the form: what a suggestion proposes, taken once.
import type { Draft } from "./draft.ts";

let handed: { notice: string; draft: Draft } | null = null;

export const copied = {
  put: (notice: string, draft: Draft): void => {
    handed = { notice, draft };
  },
  take: (notice: string | undefined): Draft | null => {
    if (!handed || handed.notice !== notice) return null;
    const { draft } = handed;
    handed = null;
    return draft;
  },
};
