import { SegmentedControl } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { nameOf, type Stream, type ViewPolicy } from "../api/streams";
import { listViewers, setViewPolicy } from "../api/viewers";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { useMay } from "./may";
import { SignLink } from "./SignLink";
import { ViewerList } from "./ViewerList";

const EVERY_MS = 2000;

/** Who may watch a stream, and who does. */
export function ViewersDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  const { t } = useReader();
  return (
    <Dialog onClose={onClose} size="lg" title={t.viewersTitle(nameOf(stream))}>
      <StreamViewers stream={stream} />
    </Dialog>
  );
}

export function StreamViewers({ stream }: { stream: Stream }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const may = useMay();
  const viewers = useQuery({
    queryKey: ["viewers", stream.id],
    queryFn: () => listViewers(stream.id),
    refetchInterval: EVERY_MS,
  });
  const choosing = useMutation({
    mutationFn: (policy: ViewPolicy) => setViewPolicy(stream.id, policy),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["streams"] }),
  });
  const policy = choosing.isPending ? choosing.variables : stream.view_policy;
  const counts = viewers.data?.counts ?? stream.viewers;
  return (
    <>
      <section className="way">
        <h3>{t.whoMayWatch}</h3>
        <SegmentedControl<ViewPolicy>
          data={[
            { value: "public", label: t.everybody },
            { value: "signed", label: t.linksOnly },
          ]}
          value={policy}
          disabled={!may("streams:write")}
          onChange={(chosen) => choosing.mutate(chosen)}
          aria-label={t.whoMayWatch}
        />
        <p>{policy === "signed" ? t.linksOnlyHint : t.everybodyHint}</p>
        {choosing.error && <Failure error={choosing.error} />}
      </section>
      {may("viewers:write") && (
        <SignLink stream={stream.id} linkOf={({ playback }) => playback.watch} />
      )}
      <section className="way">
        <h3>
          {t.watchingNow(counts.total)}
          <small>{`FLV ${counts.flv} · HLS ${counts.hls} · DASH ${counts.dash} · RTMP ${counts.rtmp}`}</small>
        </h3>
        {viewers.error && <Failure error={viewers.error} />}
        {viewers.data && <ViewerList stream={stream} viewers={viewers.data.viewers} />}
        {viewers.data && !viewers.data.is_complete && <p>{t.viewersIncomplete}</p>}
      </section>
    </>
  );
}
