import { memo } from "react";

import { lengthOf, overlap, placeOf, type Span } from "../timeline/span";
import { useMissingText } from "./missing-text";
import type { Lane } from "./use-footage";

/** What there is of one stream: parts, gaps, motion, and what is kept. */
export const LaneMarks = memo(function LaneMarks({ lane, shown }: { lane: Lane; shown: Span }) {
  const textOf = useMissingText();
  const { footage, holds } = lane;
  const kept = holds.map((hold) => ({
    ...hold,
    from_ms: Date.parse(hold.from_at),
    until_ms: Date.parse(hold.until_at),
  }));
  return (
    <>
      {footage.parts.map((part) => (
        <Bar key={`part ${part.from_ms}`} span={part} shown={shown} name="part" />
      ))}
      {footage.missing.map((gap) => (
        <Bar key={`gap ${gap.from_ms}`} span={gap} shown={shown} name={gap.kind} text={textOf(gap)} />
      ))}
      {kept.map((hold) => (
        <Bar
          key={hold.id}
          span={hold}
          shown={shown}
          name={hold.cause === "motion" ? "motion" : "held"}
        />
      ))}
    </>
  );
});

function Bar({ span, shown, name, text }: { span: Span; shown: Span; name: string; text?: string }) {
  const seen = overlap(span, shown);
  if (!seen) return null;
  const left = `${(placeOf(shown, seen.from_ms) * 100).toFixed(3)}%`;
  const width = `${((lengthOf(seen) / lengthOf(shown)) * 100).toFixed(3)}%`;
  return <i className="lane-bar" data-kind={name} title={text} style={{ left, width }} />;
}
