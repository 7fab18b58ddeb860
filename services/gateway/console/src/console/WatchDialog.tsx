import { Button, SegmentedControl } from "@mantine/core";
import { useState } from "react";

import { nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { type Kind, KINDS, OFFERED } from "../playback/kind";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";
import { EmbeddedPlayer } from "./EmbeddedPlayer";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { useOwnToken } from "./own-link";

export function WatchDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  return (
    <Dialog onClose={onClose} size="xl" title={nameOf(stream)}>
      <Preview stream={stream} />
    </Dialog>
  );
}

/** The stream's picture, played as viewers may have it. */
export function Preview({ stream }: { stream: Stream }) {
  const { t } = useReader();
  const [kind, setKind] = useState<Kind>("flv");
  const own = useOwnToken(stream.id, stream.view_policy);
  const { token } = own;
  const page = `${token ? `/~${token}` : ""}/${stream.id}/${KINDS[kind].page}`;
  const urls: Record<Kind, string> = {
    flv: stream.playback.flv,
    hls: stream.playback.hls,
    hls_cmaf: stream.playback.hls_cmaf,
    dash: stream.playback.dash,
  };
  const offered = OFFERED.map((each) => ({ value: each, label: KINDS[each].label }));
  return (
    <>
      <div className="watch-tools">
        <SegmentedControl<Kind> data={offered} value={kind} onChange={setKind} aria-label={t.watchKind} />
        <Button
          component="a"
          href={page}
          target="_blank"
          rel="noreferrer"
          variant="default"
          leftSection={<Icon name="open" size={18} />}
        >
          {t.watchOpen}
        </Button>
      </div>
      {own.error && <Failure error={own.error} />}
      {own.isReady && (
        <EmbeddedPlayer key={kind} stream={stream.id} kind={kind} token={token} />
      )}
      <div className="card-push">
        <CopyField label={t.watchPage} value={stream.playback.watch} />
        <CopyField label={t.watchURL(KINDS[kind].label)} value={urls[kind]} />
      </div>
    </>
  );
}
