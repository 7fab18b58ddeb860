import { Button, Skeleton } from "@mantine/core";
import { useState } from "react";

import type { Stream } from "../../api/streams";
import { revokeLinks, type Viewer } from "../../api/viewers";
import { useReader } from "../../i18n/Reader";
import { ConfirmDialog } from "../ConfirmDialog";
import { Failure } from "../Failure";
import { useMay } from "../may";
import { streamAddress } from "../place";
import { ViewerList } from "../ViewerList";

/** Who watches one stream. */
export function WatchedStream({
  stream,
  name,
  viewers,
  isComplete,
  error,
}: {
  stream: Stream;
  name: string;
  viewers: Viewer[] | undefined;
  isComplete: boolean;
  error: Error | null;
}) {
  const { t } = useReader();
  const may = useMay();
  const [isRevoking, setRevoking] = useState(false);
  return (
    <section className="panel watched" aria-label={name}>
      <div className="watched-head">
        <h2>
          <a href={streamAddress(stream.id, "viewers")}>{name}</a>
          <small>{t.watchingNow(stream.viewers.total)}</small>
        </h2>
        {may("viewers:write") && stream.view_policy === "signed" && (
          <Button variant="default" onClick={() => setRevoking(true)}>
            {t.viewers.revokeAll}
          </Button>
        )}
      </div>
      {error && <Failure error={error} />}
      {!viewers && !error && <Skeleton height={48} />}
      {viewers && <ViewerList stream={stream} viewers={viewers} />}
      {!isComplete && <p className="hint">{t.viewersIncomplete}</p>}
      {isRevoking && (
        <ConfirmDialog
          title={t.viewers.revokeTitle(name)}
          text={t.viewers.revokeText}
          action={t.viewers.revokeAll}
          refreshes="viewers"
          onConfirm={() => revokeLinks(stream.id)}
          onClose={() => setRevoking(false)}
        />
      )}
    </section>
  );
}
