import { useClipboard } from "@mantine/hooks";
import { useState } from "react";

import { deleteStream, nameOf, type Stream } from "../../api/streams";
import { useReader } from "../../i18n/Reader";
import { ConfirmDialog } from "../ConfirmDialog";
import { MarkedLinkDialog } from "../MarkedLinkDialog";
import { useMay } from "../may";
import { MoreMenu } from "../MoreMenu";
import { addressOf } from "../place";
import { TitleDialog } from "../TitleDialog";

/** What else can be done with the stream that is shown. */
export function StreamMenu({ stream }: { stream: Stream }) {
  const { t } = useReader();
  const may = useMay();
  const clipboard = useClipboard();
  const [open, setOpen] = useState<"title" | "link" | "delete" | null>(null);
  const close = () => setOpen(null);
  const name = nameOf(stream);
  return (
    <>
      <MoreMenu
        name={name}
        choices={[
          { icon: "copy", label: t.copyId, onChoose: () => clipboard.copy(stream.id) },
          may("streams:write") && {
            icon: "pencil",
            label: t.titleMenu,
            onChoose: () => setOpen("title"),
          },
          may("viewers:write") && {
            icon: "fingerprint",
            label: t.markedLink,
            onChoose: () => setOpen("link"),
          },
          may("streams:write") && {
            icon: "trash",
            label: t.deleteStream,
            isDanger: true,
            onChoose: () => setOpen("delete"),
          },
        ]}
      />
      {open === "title" && <TitleDialog stream={stream} onClose={close} />}
      {open === "link" && (
        <MarkedLinkDialog
          stream={stream.id}
          name={name}
          policy={stream.view_policy}
          openHint={t.markedOpen}
          linkOf={({ playback }) => playback.pages.hls_cmaf}
          onClose={close}
        />
      )}
      {open === "delete" && (
        <ConfirmDialog
          title={t.deleteTitle(name)}
          text={t.deleteText}
          warning={stream.is_live ? t.deleteLive : undefined}
          action={t.delete}
          refreshes="streams"
          onConfirm={async () => {
            await deleteStream(stream.id);
            location.hash = addressOf("streams");
          }}
          onClose={close}
        />
      )}
    </>
  );
}
