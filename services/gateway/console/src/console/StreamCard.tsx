import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";

import { descriptionOf, nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Icon } from "./icons";
import { useMay } from "./may";
import { MoreMenu } from "./MoreMenu";
import { streamAddress } from "./place";
import { PushKeyTerm } from "./PushKeyTerm";
import { StateBadge } from "./StateBadge";
import { LiveStill } from "./stream/LiveStill";

export type Dialog =
  | "push" | "watch" | "doctor" | "relay" | "ladder" | "title" | "viewers" | "chat" | "mark" | "delete";

export function StreamCard({
  stream,
  onOpen,
}: {
  stream: Stream;
  onOpen: (dialog: Dialog) => void;
}) {
  const { t } = useReader();
  const may = useMay();
  const name = nameOf(stream);
  const description = descriptionOf(stream);
  return (
    <li className="card" data-state={stream.health}>
      <div className="card-head">
        <div className="card-title">
          <h2 title={name}>
            <a href={streamAddress(stream.id)}>{name}</a>
          </h2>
          {name !== stream.id && <code>{stream.id}</code>}
        </div>
        <StateBadge stream={stream} />
        <CardMenu stream={stream} onOpen={onOpen} />
      </div>
      {stream.health !== "offline" && <LiveStill stream={stream} name={name} />}
      {description && <p className="card-text">{description}</p>}
      {stream.ladder && (
        <p className="card-text">{t.ladderOf(stream.ladder.rungs.map((rung) => rung.name))}</p>
      )}
      {may("keys:read") && (
        <div className="card-push">
          <CopyField label={t.server} value={stream.push.server} />
          <CopyField label={t.streamKey} value={stream.push.stream_key} isSecret />
        </div>
      )}
      <div className="card-foot">
        <PushKeyTerm stream={stream} />
        <div className="card-actions">
          <Button
            variant="default"
            leftSection={<Icon name={stream.view_policy === "signed" ? "lock" : "people"} size={18} />}
            aria-label={t.viewersOf(name, stream.viewers.total)}
            title={t.viewersOf(name, stream.viewers.total)}
            onClick={() => onOpen("viewers")}
          >
            {stream.viewers.total}
          </Button>
          {stream.health !== "offline" && (
            <Button
              variant="default"
              className="card-doctor"
              aria-label={t.doctor.open(name)}
              title={t.doctor.open(name)}
              onClick={() => onOpen("doctor")}
            >
              <Icon name="pulse" size={18} />
            </Button>
          )}
          {may("keys:read") && (
            <Button
              variant="default"
              leftSection={<Icon name="push" size={18} />}
              onClick={() => onOpen("push")}
            >
              {t.howToPush}
            </Button>
          )}
          <Button
            variant={stream.is_live ? "filled" : "default"}
            leftSection={<Icon name="play" size={18} />}
            aria-label={t.watchNamed(name)}
            onClick={() => onOpen("watch")}
          >
            {t.watch}
          </Button>
        </div>
      </div>
    </li>
  );
}

function CardMenu({
  stream,
  onOpen,
}: {
  stream: Stream;
  onOpen: (dialog: Dialog) => void;
}) {
  const { t } = useReader();
  const may = useMay();
  const clipboard = useClipboard();
  return (
    <MoreMenu
      name={nameOf(stream)}
      choices={[
        { icon: "copy", label: t.copyId, onChoose: () => clipboard.copy(stream.id) },
        may("streams:write") && {
          icon: "pencil",
          label: t.titleMenu,
          onChoose: () => onOpen("title"),
        },
        may("chat:read") && { icon: "talk", label: t.chat, onChoose: () => onOpen("chat") },
        may("relays:read") && { icon: "push", label: t.relays, onChoose: () => onOpen("relay") },
        may("streams:write") && {
          icon: "ladder",
          label: t.ladder,
          onChoose: () => onOpen("ladder"),
        },
        may("viewers:write") && {
          icon: "stamp",
          label: t.markedLink,
          onChoose: () => onOpen("mark"),
        },
        may("streams:write") && {
          icon: "trash",
          label: t.deleteStream,
          isDanger: true,
          onChoose: () => onOpen("delete"),
        },
      ]}
    />
  );
}
