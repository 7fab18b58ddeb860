import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Mark, MOST_MARKS, renditionsOf, setMarks } from "../../api/marks";
import type { Stream } from "../../api/streams";
import { useReader } from "../../i18n/Reader";
import { Failure } from "../Failure";
import { AddMark } from "./AddMark";
import type { Size } from "./frame";
import { MarkFields } from "./MarkFields";
import { MarkFrame } from "./MarkFrame";
import { MarkList } from "./MarkList";
import { useMarkReports } from "./use-mark-reports";

/** Of a stream that is off air nobody knows how large its picture will be. */
const USUAL: Size = { width: 1280, height: 720 };

/** A publisher may change it at any time. */
const EVERY_MS = 3000;

/** What is burned into a stream's picture: laid out on a still of it, then sent at once. */
export function WatermarkEditor({ stream }: { stream: Stream }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [marks, setDraft] = useState<Mark[]>(stream.marks);
  const [chosen, choose] = useState(0);
  const frame = useFrameSize(stream);
  const reports = useMarkReports(stream);
  const isRight = marks.every((mark) => mark.kind !== "text" || mark.text.trim() !== "");
  const isChanged = JSON.stringify(marks) !== JSON.stringify(stream.marks);
  const saving = useMutation({
    mutationFn: (sent: Mark[]) => setMarks(stream.id, sent),
    onSuccess: (changed, sent) => {
      // Whoever has gone on meanwhile does not lose it.
      setDraft((now) => (now === sent ? changed.marks : now));
      return queries.invalidateQueries({ queryKey: ["streams"] });
    },
  });
  const change = (at: number, mark: Mark) => setDraft(marks.with(at, mark));
  const add = (mark: Mark) => {
    setDraft([...marks, mark]);
    choose(marks.length);
  };
  const remove = (at: number) => {
    setDraft(marks.toSpliced(at, 1));
    choose(Math.max(0, at - 1));
  };
  const mark = marks[chosen];
  return (
    <div className="form">
      <p className="hint">{t.stream.markHint}</p>
      <MarkFrame
        stream={stream}
        size={frame ?? USUAL}
        marks={marks}
        chosen={chosen}
        onChoose={choose}
        onChange={change}
      />
      <p className="hint">
        {frame && t.stream.frameOf(frame.width, frame.height)}
        {!frame && !stream.is_live && t.stream.frameUnknown(USUAL.width, USUAL.height)}
        {stream.is_live && stream.marks.length > 0 && ` ${t.stream.stillIsMarked}`}
      </p>
      <AddMark isFull={marks.length >= MOST_MARKS} frame={frame ?? USUAL} onAdd={add} />
      {marks.length === 0 && <p className="nothing">{t.stream.markNone}</p>}
      {marks.length > 0 && (
        <MarkList marks={marks} chosen={chosen} onChoose={choose} onRemove={remove} reports={isChanged ? [] : reports} />
      )}
      {mark && (
        <MarkFields key={chosen} mark={mark} onChange={(changed) => change(chosen, changed)} />
      )}
      {saving.error && <Failure error={saving.error} />}
      <div className="dialog-actions">
        <Button
          variant="default"
          disabled={!isChanged || saving.isPending}
          onClick={() => setDraft(stream.marks)}
        >
          {t.stream.undo}
        </Button>
        <Button disabled={!isChanged || !isRight} loading={saving.isPending} onClick={() => saving.mutate(marks)}>
          {stream.is_live ? t.stream.markSaveLive : t.save}
        </Button>
      </div>
      <p className="hint" role="status">
        {saving.isSuccess && !isChanged && (stream.is_live ? t.stream.markSavedLive : t.stream.markSaved)}
      </p>
    </div>
  );
}

/** Of the picture that is published now; null: nobody knows. */
function useFrameSize(stream: Stream): Size | null {
  const session = stream.live?.session;
  const looked = useQuery({
    queryKey: ["renditions", session],
    queryFn: () => renditionsOf(session ?? ""),
    enabled: session !== undefined,
    refetchInterval: EVERY_MS,
  });
  const source = looked.data?.renditions.find(({ name }) => name === "source");
  return source?.width && source.height ? { width: source.width, height: source.height } : null;
}
