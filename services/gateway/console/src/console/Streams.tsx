import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { deleteStream, listStreams, nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { ChatDialog } from "./ChatDialog";
import { ConfirmDialog } from "./ConfirmDialog";
import { CreateDialog } from "./CreateDialog";
import { DoctorDialog } from "./DoctorDialog";
import { EmptyState } from "./EmptyState";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { LadderDialog } from "./LadderDialog";
import { CSVButton } from "./lists/CSVButton";
import { STREAM_COLUMNS, streamRows } from "./lists/stream-rows";
import { MarkedLinkDialog } from "./MarkedLinkDialog";
import { useMay } from "./may";
import { PushDialog } from "./PushDialog";
import { RelayDialog } from "./RelayDialog";
import { useSignedOut } from "./signed-out";
import { type Dialog, StreamCard } from "./StreamCard";
import { TitleDialog } from "./TitleDialog";
import { ViewersDialog } from "./ViewersDialog";
import { WatchDialog } from "./WatchDialog";

const EVERY_MS = 3000;

export function Streams({ pushServer }: { pushServer: string }) {
  const { t } = useReader();
  const may = useMay();
  const streams = useQuery({
    queryKey: ["streams"],
    queryFn: listStreams,
    refetchInterval: EVERY_MS,
  });
  const [isCreating, setCreating] = useState(false);
  const [open, setOpen] = useState<{ id: string; dialog: Dialog } | null>(null);
  const isSignedOut = useSignedOut(streams.error);

  const all = streams.data ?? [];
  const chosen = all.find((stream) => stream.id === open?.id);
  const close = () => setOpen(null);
  const live = all.filter((stream) => stream.is_live).length;
  return (
    <>
      <div className="heading">
        <div>
          <h1>{t.streams}</h1>
          {streams.data && all.length > 0 && <p>{t.streamCount(live, all.length)}</p>}
        </div>
        {all.length > 0 && (
          <div className="heading-actions">
            <CSVButton name="streams" columns={STREAM_COLUMNS} rows={streamRows} />
            {may("streams:write") && (
              <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setCreating(true)}>
                {t.newStream}
              </Button>
            )}
          </div>
        )}
      </div>
      {streams.error && !isSignedOut && (
        <Failure
          error={streams.error}
          title={t.failedToLoad}
          onRetry={() => void streams.refetch()}
        />
      )}
      {streams.isPending && <Placeholders />}
      {streams.data && all.length === 0 && (
        <EmptyState
          server={pushServer}
          onCreate={may("streams:write") ? () => setCreating(true) : null}
        />
      )}
      <ul className="cards">
        {byInterest(all).map((stream) => (
          <StreamCard
            key={stream.id}
            stream={stream}
            onOpen={(dialog) => setOpen({ id: stream.id, dialog })}
          />
        ))}
      </ul>
      {isCreating && (
        <CreateDialog
          onClose={() => setCreating(false)}
          onCreated={(stream) => setOpen({ id: stream.id, dialog: "push" })}
        />
      )}
      {chosen && open?.dialog === "push" && <PushDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "watch" && <WatchDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "doctor" && <DoctorDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "relay" && <RelayDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "ladder" && <LadderDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "title" && <TitleDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "chat" && <ChatDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "viewers" && <ViewersDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "mark" && (
        <MarkedLinkDialog
          stream={chosen.id}
          name={nameOf(chosen)}
          policy={chosen.view_policy}
          openHint={t.markedOpen}
          linkOf={({ playback }) => playback.pages.hls_cmaf}
          onClose={close}
        />
      )}
      {chosen && open?.dialog === "delete" && (
        <ConfirmDialog
          title={t.deleteTitle(nameOf(chosen))}
          text={t.deleteText}
          warning={chosen.is_live ? t.deleteLive : undefined}
          action={t.delete}
          refreshes="streams"
          onConfirm={() => deleteStream(chosen.id)}
          onClose={close}
        />
      )}
    </>
  );
}

/** What is on air first, then the newest. */
function byInterest(streams: Stream[]): Stream[] {
  const rank = (stream: Stream) => (stream.health === "offline" ? 1 : 0);
  return streams.toSorted(
    (a, b) => rank(a) - rank(b) || b.created_at.localeCompare(a.created_at),
  );
}

function Placeholders() {
  return (
    <div className="cards" aria-hidden="true">
      <Skeleton height={236} radius="lg" />
      <Skeleton height={236} radius="lg" />
    </div>
  );
}
