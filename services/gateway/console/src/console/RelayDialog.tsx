import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { listRelays } from "../api/relays";
import { nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { useMay } from "./may";
import { RelayForm } from "./RelayForm";
import { RelayRow } from "./RelayRow";

const EVERY_MS = 2000;

/** Where the stream is pushed to, how that goes, and a form for one more. */
export function RelayDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  const { t } = useReader();
  return (
    <Dialog onClose={onClose} size="lg" title={t.relayTitle(nameOf(stream))}>
      <RelayTargets stream={stream.id} />
    </Dialog>
  );
}

export function RelayTargets({ stream }: { stream: string }) {
  const { t } = useReader();
  const may = useMay();
  const targets = useQuery({
    queryKey: ["relays", stream],
    queryFn: () => listRelays(stream),
    refetchInterval: EVERY_MS,
  });
  return (
    <>
      <p className="hint">{t.relayHint}</p>
      {targets.error && (
        <Failure error={targets.error} onRetry={() => void targets.refetch()} />
      )}
      {targets.isPending && <Skeleton height={72} radius="md" />}
      {targets.data && targets.data.length === 0 && <p className="relay-none">{t.relayNone}</p>}
      <ul className="relays">
        {targets.data?.map((target) => (
          <RelayRow key={target.id} stream={stream} target={target} />
        ))}
      </ul>
      {may("relays:write") && <RelayForm stream={stream} />}
    </>
  );
}
