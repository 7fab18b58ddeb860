import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import {
  type Hold,
  letGo,
  listClips,
  listFiles,
  listHolds,
  pathOfFile,
  type RecordedFile,
  type Session,
} from "../api/recordings";
import { nameOf, type Stream } from "../api/streams";
import { bytesText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import { overlap, type Span } from "../timeline/span";
import { ClipRow } from "./ClipRow";
import { ConfirmDialog } from "./ConfirmDialog";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { useMay } from "./may";
import { SessionTrace } from "./SessionTrace";

/** What was made of a session, and what keeps it: files, clips, holds. */
export function KeptDialog({
  stream,
  session,
  span,
  onClose,
}: {
  stream: Stream;
  session: Session;
  span: Span;
  onClose: () => void;
}) {
  const { t, tag } = useReader();
  const may = useMay();
  const [leaving, setLeaving] = useState<Hold | null>(null);
  const kept = useQuery({
    queryKey: ["kept", stream.id, span.from_ms],
    queryFn: async () => {
      const [files, holds, clips] = await Promise.all([
        listFiles(stream.id, span),
        listHolds(stream.id, span),
        listClips(stream.id),
      ]);
      const its = clips.filter(({ from_at, until_at }) =>
        overlap(span, { from_ms: Date.parse(from_at), until_ms: Date.parse(until_at) }),
      );
      return { files, clips: its, holds: holds.filter(({ cause }) => cause !== "clip") };
    },
  });
  const time = (at: string) => new Date(at).toLocaleTimeString(tag, { hourCycle: "h23" });
  const { files, clips, holds } = kept.data ?? { files: [], clips: [], holds: [] };
  const { data } = kept;
  return (
    <Dialog size="lg" onClose={onClose} title={t.recorded.filesTitle(nameOf(stream))}>
      {kept.error && <Failure error={kept.error} />}
      {kept.isPending && <Skeleton height={120} />}
      <h3>{t.recorded.clipsHeading}</h3>
      {data && clips.length === 0 && <p className="hint">{t.recorded.noClips}</p>}
      <ul className="clips" aria-label={t.recorded.clipsHeading}>
        {clips.map((clip) => (
          <ClipRow key={clip.id} clip={clip} />
        ))}
      </ul>
      <h3>{t.recorded.filesHeading}</h3>
      {data && files.length === 0 && <p className="hint">{t.recorded.noFiles}</p>}
      <ul className="kept" aria-label={t.recorded.filesHeading}>
        {files.map((file) => (
          <FileRow key={file.key} file={file} />
        ))}
      </ul>
      <h3>{t.recorded.holdsHeading}</h3>
      {data && holds.length === 0 && <p className="hint">{t.recorded.noHolds}</p>}
      <ul className="kept" aria-label={t.recorded.holdsHeading}>
        {holds.map((hold) => (
          <li key={hold.id}>
            <span>
              {t.recorded.holdCauses[hold.cause]} · {time(hold.from_at)} – {time(hold.until_at)}
              {hold.note && ` · ${hold.note}`}
            </span>
            {may("recordings:delete") && hold.cause !== "asset" && (
              <Button variant="default" size="compact-md" onClick={() => setLeaving(hold)}>
                {t.recorded.letGo}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <SessionTrace traceparent={session.traceparent} />
      {leaving && (
        <ConfirmDialog
          title={t.recorded.letGoTitle}
          text={t.recorded.letGoText}
          action={t.recorded.letGo}
          refreshes="kept"
          onConfirm={() => letGo(leaving)}
          onClose={() => setLeaving(null)}
        />
      )}
    </Dialog>
  );
}

function FileRow({ file }: { file: RecordedFile }) {
  const { t, tag } = useReader();
  const at = new Date(file.starts_at).toLocaleTimeString(tag, { hourCycle: "h23" });
  const state = { pending: t.recorded.filePending, failed: t.recorded.fileFailed, ready: "" };
  const text = `${t.recorded.fileKinds[file.kind]} · ${at}`;
  return (
    <li>
      {file.state === "ready" ? (
        <a href={pathOfFile(file)} download>
          {text} · {bytesText(tag, file.size_bytes)}
        </a>
      ) : (
        <span>
          {text} · {state[file.state]}
        </span>
      )}
    </li>
  );
}
