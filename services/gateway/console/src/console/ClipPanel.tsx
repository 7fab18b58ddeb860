import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Clip, makeClip } from "../api/recordings";
import { nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import type { Clock } from "../timeline/clock";
import { lengthOf, SECOND_MS, type Span } from "../timeline/span";
import { ClipRow } from "./ClipRow";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { useMay } from "./may";
import { clock as lengthText } from "./StateBadge";
import { withBegin, withEnd } from "./Track";

/** What is marked becomes a clip; its file comes below, first in the making, then to download. */
export function ClipPanel({
  streams,
  clock,
  marked,
  onMark,
  onGo,
}: {
  streams: Stream[];
  clock: Clock;
  marked: Span | null;
  onMark: (span: Span | null) => void;
  onGo: (at_ms: number) => void;
}) {
  const { t, tag } = useReader();
  const may = useMay();
  const queries = useQueryClient();
  const [of, setOf] = useState(streams[0]?.id ?? "");
  const [name, setName] = useState("");
  const [made, setMade] = useState<Clip[]>([]);
  const stream = streams.find(({ id }) => id === of) ?? streams[0];
  const time = (at_ms: number) => new Date(at_ms).toLocaleString(tag, { hourCycle: "h23" });
  const span = new Intl.DateTimeFormat(tag, {
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
  });
  const ownName = stream && marked ? t.recorded.clipNameOf(nameOf(stream), time(marked.from_ms)) : "";
  const making = useMutation({
    mutationFn: ({ id, span }: { id: string; span: Span }) =>
      makeClip(id, span, name.trim() || ownName),
    onSuccess: (clip) => {
      setMade((before) => [clip, ...before]);
      setName("");
      onMark(null);
      return queries.invalidateQueries({ queryKey: ["timeline"] });
    },
  });
  if (!stream || !may("recordings:write")) return null;
  return (
    <section className="panel clip-panel">
      <h2>{t.recorded.clip}</h2>
      <div className="clip-marks">
        <Button variant="default" onClick={() => onMark(withBegin(marked, clock.at_ms))}>
          {t.recorded.markBegin}
        </Button>
        <Button variant="default" onClick={() => onMark(withEnd(marked, clock.at_ms))}>
          {t.recorded.markEnd}
        </Button>
        {!marked && <p className="hint">{t.recorded.clipHint}</p>}
        {marked && (
          <p role="status">
            {span.formatRange(marked.from_ms, marked.until_ms)} ·{" "}
            {t.recorded.clipLength(lengthText(Math.round(lengthOf(marked) / SECOND_MS)))}
          </p>
        )}
      </div>
      {marked && (
        <form
          className="clip-form"
          onSubmit={(event) => {
            event.preventDefault();
            making.mutate({ id: stream.id, span: marked });
          }}
        >
          {streams.length > 1 && (
            <NativeSelect
              label={t.recorded.clipOf}
              value={stream.id}
              data={streams.map((each) => ({ value: each.id, label: nameOf(each) }))}
              onChange={(event) => setOf(event.currentTarget.value)}
            />
          )}
          <TextInput
            label={t.recorded.clipName}
            placeholder={ownName}
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <div className="clip-actions">
            <Button type="submit" loading={making.isPending} leftSection={<Icon name="scissors" size={18} />}>
              {t.recorded.makeClip}
            </Button>
            <Button variant="default" onClick={() => onGo(marked.from_ms)}>
              {t.recorded.playClip}
            </Button>
            <Button variant="default" onClick={() => onMark(null)}>
              {t.recorded.clearClip}
            </Button>
          </div>
        </form>
      )}
      {making.error && <Failure error={making.error} />}
      <ul className="clips" aria-label={t.recorded.clipsHeading}>
        {made.map((clip) => (
          <ClipRow key={clip.id} clip={clip} onGone={(id) => setMade((all) => all.filter((each) => each.id !== id))} />
        ))}
      </ul>
    </section>
  );
}
