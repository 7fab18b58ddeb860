import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useMemo } from "react";

import { type Hold, listHolds, showTimeline } from "../api/recordings";
import type { Stream } from "../api/streams";
import { type Footage, footageOf } from "../timeline/footage";
import { lengthOf, type Span } from "../timeline/span";

const EVERY_MS = 5000;

const NOTHING: Footage = { parts: [], missing: [] };

export interface Lane {
  stream: Stream;
  footage: Footage;
  holds: Hold[];
}

/** What there is of each stream around what is shown. */
export function useFootage(streams: Stream[], shown: Span) {
  const asked = aroundOf(shown);
  const found = useQueries({
    queries: streams.map(({ id }) => ({
      queryKey: ["timeline", id, asked.from_ms, asked.until_ms],
      queryFn: async () => ({
        sessions: await showTimeline(id, asked),
        holds: await listHolds(id, asked),
      }),
      placeholderData: keepPreviousData,
      refetchInterval: EVERY_MS,
    })),
  });
  const error = found.find((each) => each.error)?.error ?? null;
  const answers = found.map(({ data }) => data);
  const lanes = useMemo(
    () =>
      streams.map((stream, index): Lane => {
        const answer = answers[index];
        const footage = answer ? footageOf(answer.sessions) : NOTHING;
        return { stream, footage, holds: answer?.holds ?? [] };
      }),
    // The answers themselves are the same until they change.
    [streams, ...answers],
  );
  return { lanes, error, isPending: found.some((each) => each.isPending) };
}

/** The same for all that is shown nearby, so that moving does not ask each time. */
function aroundOf(shown: Span): Span {
  const step_ms = 2 ** Math.ceil(Math.log2(lengthOf(shown)));
  return {
    from_ms: (Math.floor(shown.from_ms / step_ms) - 1) * step_ms,
    until_ms: (Math.ceil(shown.until_ms / step_ms) + 1) * step_ms,
  };
}
