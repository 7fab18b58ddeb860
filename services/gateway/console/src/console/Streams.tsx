import { Button, Skeleton } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { RequestFailed } from "../api/http";
import { listStreams, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { CreateDialog } from "./CreateDialog";
import { DeleteDialog } from "./DeleteDialog";
import { EmptyState } from "./EmptyState";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { LadderDialog } from "./LadderDialog";
import { PushDialog } from "./PushDialog";
import { RelayDialog } from "./RelayDialog";
import { type Dialog, StreamCard } from "./StreamCard";
import { ViewersDialog } from "./ViewersDialog";
import { WatchDialog } from "./WatchDialog";

const EVERY_MS = 3000;

export function Streams({ pushServer }: { pushServer: string }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const streams = useQuery({
    queryKey: ["streams"],
    queryFn: listStreams,
    refetchInterval: EVERY_MS,
  });
  const [isCreating, setCreating] = useState(false);
  const [open, setOpen] = useState<{ id: string; dialog: Dialog } | null>(null);
  const isSignedOut =
    streams.error instanceof RequestFailed && streams.error.problem.status === 401;
  useEffect(() => {
    if (isSignedOut) queries.setQueryData(["account"], null);
  }, [isSignedOut, queries]);

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
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setCreating(true)}>
            {t.newStream}
          </Button>
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
        <EmptyState server={pushServer} onCreate={() => setCreating(true)} />
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
      <CreateDialog
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onCreated={(stream) => setOpen({ id: stream.id, dialog: "push" })}
      />
      {chosen && open?.dialog === "push" && <PushDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "watch" && <WatchDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "relay" && <RelayDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "ladder" && <LadderDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "viewers" && <ViewersDialog stream={chosen} onClose={close} />}
      {chosen && open?.dialog === "delete" && <DeleteDialog stream={chosen} onClose={close} />}
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
