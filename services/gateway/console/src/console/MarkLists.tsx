import { nameOf } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { overlap, type Span } from "../timeline/span";
import { useMissingText } from "./missing-text";
import type { Lane } from "./use-footage";

/** More of a kind nobody reads; who zooms in sees them. */
const MOST = 100;

/** In words what the track draws: what is missing and why, and where something moved. */
export function MarkLists({
  lanes,
  shown,
  onGo,
}: {
  lanes: Lane[];
  shown: Span;
  onGo: (at_ms: number) => void;
}) {
  const { t } = useReader();
  const textOf = useMissingText();
  const prefix = (lane: Lane) => (lanes.length > 1 ? `${nameOf(lane.stream)} · ` : "");
  const missing = lanes.flatMap((lane) =>
    lane.footage.missing
      .filter((gap) => overlap(gap, shown))
      .map((gap) => ({ at_ms: gap.from_ms, text: prefix(lane) + textOf(gap) })),
  );
  const motion = lanes.flatMap((lane) =>
    lane.holds
      .filter(({ cause }) => cause === "motion")
      .map(({ from_at, until_at }) => ({
        from_ms: Date.parse(from_at),
        until_ms: Date.parse(until_at),
      }))
      .filter((span) => overlap(span, shown))
      .map((span) => ({ at_ms: span.from_ms, text: prefix(lane) + t.recorded.motion })),
  );
  return (
    <div className="mark-lists">
      <Marks title={t.recorded.missing} none={t.recorded.noMissing} marks={missing} onGo={onGo} />
      <Marks title={t.recorded.motion} none={t.recorded.noMotion} marks={motion} onGo={onGo} />
    </div>
  );
}

function Marks({
  title,
  none,
  marks,
  onGo,
}: {
  title: string;
  none: string;
  marks: { at_ms: number; text: string }[];
  onGo: (at_ms: number) => void;
}) {
  const { tag } = useReader();
  return (
    <section className="panel">
      <h2>{title}</h2>
      {marks.length === 0 && <p className="hint">{none}</p>}
      <ul aria-label={title}>
        {marks.slice(0, MOST).map(({ at_ms, text }) => (
          <li key={`${at_ms} ${text}`}>
            <button type="button" onClick={() => onGo(at_ms)}>
              <time>{new Date(at_ms).toLocaleString(tag, { hourCycle: "h23" })}</time>
              <span>{text}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
