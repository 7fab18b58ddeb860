import { Chip } from "@mantine/core";

import { nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";

/** More players than these a page does not feed well. */
const MOST = 4;

/** Which streams are seen beside each other. */
export function CameraPicker({
  streams,
  chosen,
  onChoose,
}: {
  streams: Stream[];
  chosen: string[];
  onChoose: (ids: string[]) => void;
}) {
  const { t } = useReader();
  const isFull = chosen.length >= MOST;
  return (
    <div className="cameras" role="group" aria-label={t.recorded.cameras}>
      <Chip.Group multiple value={chosen} onChange={(ids: string[]) => onChoose(ids)}>
        {streams.map((stream) => (
          <Chip
            key={stream.id}
            value={stream.id}
            disabled={isFull && !chosen.includes(stream.id)}
          >
            <span className="camera-name" title={nameOf(stream)}>
              {nameOf(stream)}
            </span>
          </Chip>
        ))}
      </Chip.Group>
      {isFull && <p className="hint">{t.recorded.tooMany(MOST)}</p>}
    </div>
  );
}
