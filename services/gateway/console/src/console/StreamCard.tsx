import { ActionIcon, Button, Menu } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";

import { descriptionOf, nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Icon } from "./icons";
import { PushKeyTerm } from "./PushKeyTerm";
import { StateBadge } from "./StateBadge";

export type Dialog =
  | "push" | "watch" | "doctor" | "relay" | "ladder" | "title" | "viewers" | "mark" | "delete";

export function StreamCard({
  stream,
  onOpen,
}: {
  stream: Stream;
  onOpen: (dialog: Dialog) => void;
}) {
  const { t } = useReader();
  const name = nameOf(stream);
  const description = descriptionOf(stream);
  return (
    <li className="card" data-state={stream.health}>
      <div className="card-head">
        <div className="card-title">
          <h2 title={name}>{name}</h2>
          {name !== stream.id && <code>{stream.id}</code>}
        </div>
        <StateBadge stream={stream} />
        <CardMenu stream={stream} onOpen={onOpen} />
      </div>
      {description && <p className="card-text">{description}</p>}
      {stream.ladder && (
        <p className="card-text">{t.ladderOf(stream.ladder.rungs.map((rung) => rung.name))}</p>
      )}
      <div className="card-push">
        <CopyField label={t.server} value={stream.push.server} />
        <CopyField label={t.streamKey} value={stream.push.stream_key} isSecret />
      </div>
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
          <Button
            variant="default"
            leftSection={<Icon name="push" size={18} />}
            onClick={() => onOpen("push")}
          >
            {t.howToPush}
          </Button>
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
  const clipboard = useClipboard();
  const label = t.moreFor(nameOf(stream));
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={label} title={label} className="card-more">
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<Icon name="copy" size={18} />}
          onClick={() => clipboard.copy(stream.id)}
        >
          {t.copyId}
        </Menu.Item>
        <Menu.Item
          leftSection={<Icon name="pencil" size={18} />}
          onClick={() => onOpen("title")}
        >
          {t.titleMenu}
        </Menu.Item>
        <Menu.Item
          leftSection={<Icon name="push" size={18} />}
          onClick={() => onOpen("relay")}
        >
          {t.relays}
        </Menu.Item>
        <Menu.Item
          leftSection={<Icon name="ladder" size={18} />}
          onClick={() => onOpen("ladder")}
        >
          {t.ladder}
        </Menu.Item>
        <Menu.Item
          leftSection={<Icon name="stamp" size={18} />}
          onClick={() => onOpen("mark")}
        >
          {t.markedLink}
        </Menu.Item>
        <Menu.Item
          className="danger"
          leftSection={<Icon name="trash" size={18} />}
          onClick={() => onOpen("delete")}
        >
          {t.deleteStream}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
