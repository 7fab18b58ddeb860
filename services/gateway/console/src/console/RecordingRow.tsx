import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { deleteSession, keep, type Session, showTimeline } from "../api/recordings";
import { nameOf, type Stream } from "../api/streams";
import { bytesText, timeText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import { personalPath } from "../playback/kind";
import { footageOf } from "../timeline/footage";
import { lengthOf, type Span } from "../timeline/span";
import { ConfirmDialog } from "./ConfirmDialog";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { KeptDialog } from "./KeptDialog";
import { useMay } from "./may";
import { MoreMenu } from "./MoreMenu";
import { useOwnToken } from "./own-link";
import { timelineAddress } from "./place";
import { Poster } from "./Poster";
import { clock, Elapsed } from "./StateBadge";
import { Storyboard } from "./Storyboard";

/** One session: what it looks like, when it was, what is missing in it, and what can be done. */
export function RecordingRow({ session, stream }: { session: Session; stream: Stream }) {
  const { t, tag } = useReader();
  const may = useMay();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const name = nameOf(stream);
  const { id, started_at, ended_at, duration_s } = session;
  const own = useOwnToken(stream.id, stream.view_policy);
  const pathOf = (file: string) => personalPath(`${stream.id}/${id}/${file}`, own.token);
  const livePath = personalPath(`watch/${stream.id}/poster.jpg`, own.token);
  const time = (at: string) => new Date(at).toLocaleTimeString(tag, { hourCycle: "h23" });
  const when = `${time(started_at)} – ${ended_at ? time(ended_at) : t.recorded.onAir}`;
  const span = {
    from_ms: Date.parse(started_at),
    until_ms: ended_at ? Date.parse(ended_at) : Date.now(),
  };
  const holding = useMutation({
    mutationFn: () => keep(stream.id, span),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["kept", stream.id] }),
  });
  return (
    <li className="recording">
      <div className="screen">
        <a
          className="board"
          href={timelineAddress([stream.id], span.from_ms)}
          aria-label={t.recorded.timelineNamed(`${name}, ${when}`)}
        >
          {own.isReady && <Poster path={ended_at ? pathOf("poster.jpg") : livePath} />}
          {own.isReady && ended_at && (
            <Storyboard path={pathOf("storyboard.vtt")} duration_s={duration_s ?? 0} />
          )}
        </a>
        <span className="screen-time">
          {ended_at ? clock(Math.round(duration_s ?? 0)) : <Elapsed since={started_at} />}
        </span>
      </div>
      <div className="recording-text">
        <h3>{name}</h3>
        <p>
          <time dateTime={started_at}>{when}</time>
        </p>
        <p className="hint">
          {bytesText(tag, session.size_bytes ?? 0)}
          <GapsOf session={session} stream={stream.id} span={span} />
          {session.cause && ` · ${t.recorded.causes[session.cause] ?? session.cause}`}
        </p>
        {(holding.error ?? own.error) && <Failure error={holding.error ?? own.error} />}
        {holding.isSuccess && <p role="status">{t.recorded.keptFor(name)}</p>}
      </div>
      <div className="recording-actions">
        <Button
          component="a"
          variant="default"
          href={timelineAddress([stream.id], span.from_ms)}
          leftSection={<Icon name="timeline" size={18} />}
        >
          {t.recorded.openTimeline}
        </Button>
        <MoreMenu
          name={`${name}, ${when}`}
          choices={[
            ended_at !== null && {
              icon: "download",
              label: t.download,
              onChoose: () => location.assign(pathOf("clip.mp4")),
            },
            { icon: "log", label: t.recorded.files, onChoose: () => setOpen(true) },
            may("recordings:write") && {
              icon: "shield",
              label: t.recorded.keepIt,
              onChoose: () => holding.mutate(),
            },
            ended_at !== null &&
              may("recordings:delete") && {
                icon: "trash",
                label: t.recorded.deleteIt,
                isDanger: true,
                onChoose: () => setDeleting(true),
              },
          ]}
        />
      </div>
      {isDeleting && (
        <ConfirmDialog
          title={t.recorded.deleteTitle(`${name}, ${when}`)}
          text={t.recorded.deleteText}
          action={t.delete}
          refreshes="sessions-of"
          onConfirm={() => deleteSession(id)}
          onClose={() => setDeleting(false)}
        />
      )}
      {isOpen && (
        <KeptDialog
          stream={stream}
          session={session}
          span={span}
          onClose={() => setOpen(false)}
        />
      )}
    </li>
  );
}

/** How much of it is missing. */
function GapsOf({ session, stream, span }: { session: Session; stream: string; span: Span }) {
  const { t, tag } = useReader();
  const found = useQuery({
    queryKey: ["gaps", session.id, session.ended_at],
    queryFn: () => showTimeline(stream, { ...span, from_ms: span.from_ms - 1 }),
    staleTime: Infinity,
  });
  const its = found.data?.filter((each) => each.session === session.id) ?? [];
  if (its.length === 0) return null;
  const { missing } = footageOf(its);
  if (missing.length === 0) return ` · ${t.recorded.complete}`;
  const missing_s = missing.reduce((sum, gap) => sum + lengthOf(gap), 0) / 1000;
  return ` · ${t.recorded.gaps(missing.length, timeText(tag, missing_s))}`;
}
