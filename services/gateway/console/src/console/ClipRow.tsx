import { ActionIcon, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import {
  type Clip,
  deleteClip,
  getClip,
  isInTheMaking,
  pathOfClipFile,
  progressOf,
} from "../api/recordings";
import { bytesText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import { ConfirmDialog } from "./ConfirmDialog";
import { Icon } from "./icons";
import { useMay } from "./may";
import { ProgressRow } from "./ProgressRow";

const EVERY_MS = 1000;

/** A clip: how far its file is, and the file itself. */
export function ClipRow({ clip, onGone }: { clip: Clip; onGone?: (id: string) => void }) {
  const { t, tag } = useReader();
  const may = useMay();
  const [isDeleting, setDeleting] = useState(false);
  const state = useQuery({
    queryKey: ["clip", clip.id],
    queryFn: async () => {
      const now = await getClip(clip);
      return { clip: now, part: isInTheMaking(now) ? await progressOf(now) : 1 };
    },
    initialData: { clip, part: 0 },
    refetchInterval: ({ state: { data } }) =>
      data && isInTheMaking(data.clip) ? EVERY_MS : false,
  });
  const { clip: now, part } = state.data;
  const made = now.export;
  const isMaking = isInTheMaking(now);
  const hasFailed = made !== null && !isMaking && made.state !== "completed";
  const words = isMaking ? t.recorded.clipMaking : hasFailed ? t.recorded.clipFailed : t.recorded.clipReady;
  const size = made?.size_bytes ? ` · ${bytesText(tag, made.size_bytes)}` : "";
  return (
    <>
      <ProgressRow
        name={now.name}
        part={part > 0 || !isMaking ? part : null}
        state={hasFailed ? "failed" : isMaking ? "moving" : "still"}
        facts={<span role="status">{words + size}</span>}
      >
        {!isMaking && !hasFailed && (
          <Button
            component="a"
            href={pathOfClipFile(now)}
            download
            leftSection={<Icon name="download" size={18} />}
            aria-label={t.recorded.downloadClip(now.name)}
          >
            {t.recorded.download}
          </Button>
        )}
        {may("recordings:delete") && (
          <ActionIcon
            aria-label={t.recorded.deleteClipTitle(now.name)}
            title={t.delete}
            onClick={() => setDeleting(true)}
          >
            <Icon name="trash" size={18} />
          </ActionIcon>
        )}
      </ProgressRow>
      {isDeleting && (
        <ConfirmDialog
          title={t.recorded.deleteClipTitle(now.name)}
          text={t.recorded.deleteClipText}
          action={t.delete}
          refreshes="kept"
          onConfirm={async () => {
            await deleteClip(now);
            onGone?.(now.id);
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </>
  );
}
