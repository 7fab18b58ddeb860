import { ActionIcon, Button, Menu } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";

import { type Asset, rungsOf } from "../api/assets";
import { HEIGHTS } from "../api/ladder";
import type { Template } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { AssetMaking } from "./AssetMaking";
import { AssetScreen } from "./AssetScreen";
import { Icon } from "./icons";
import { Reason } from "./Reason";

export type AssetDialog = "links" | "captions" | "mark" | "rename" | "delete";

/** Something to watch on demand, or in the making. */
export function AssetCard({
  asset,
  isPlaying,
  onPlay,
  onOpen,
}: {
  asset: Asset;
  isPlaying: boolean;
  onPlay: (isWanted: boolean) => void;
  onOpen: (dialog: AssetDialog) => void;
}) {
  const { t, tag } = useReader();
  const { name, state, playback } = asset;
  const made = new Date(asset.created_at).toLocaleDateString(tag, {
    year: "numeric",
    month: "short",
    day: "numeric",
  });
  const heights = rungsOf(asset).map((rung) => HEIGHTS[rung as Template] ?? rung);
  const facts = [made, ...heights, ...(asset.way === "session" ? [t.assetKept] : [])];
  return (
    <li className="video" data-state={state}>
      {playback ? (
        <AssetScreen asset={asset} links={playback} isPlaying={isPlaying} onPlay={onPlay} />
      ) : (
        <AssetMaking asset={asset} />
      )}
      <div className="video-head">
        <div className="video-title">
          <h2 title={name}>{name}</h2>
          <p className="term">{facts.join(" · ")}</p>
        </div>
        <AssetMenu asset={asset} onOpen={onOpen} />
      </div>
      {state === "failed" && (
        <div className="coming-trouble">
          <Reason code={asset.error_code} reason={asset.reason} />
        </div>
      )}
      {playback && (
        <div className="video-actions">
          <Button
            variant="default"
            leftSection={<Icon name="link" size={18} />}
            aria-label={t.linksTitle(name)}
            onClick={() => onOpen("links")}
          >
            {t.links}
          </Button>
          {asset.view_policy === "public" && (
            <Button
              component="a"
              href={playback.mp4}
              download
              variant="default"
              leftSection={<Icon name="download" size={18} />}
            >
              {t.download}
            </Button>
          )}
        </div>
      )}
    </li>
  );
}

function AssetMenu({ asset, onOpen }: { asset: Asset; onOpen: (dialog: AssetDialog) => void }) {
  const { t } = useReader();
  const clipboard = useClipboard();
  const label = t.moreFor(asset.name);
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={label} title={label} className="card-more">
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<Icon name="pencil" size={18} />} onClick={() => onOpen("rename")}>
          {t.rename}
        </Menu.Item>
        {asset.playback && (
          <Menu.Item
            leftSection={<Icon name="captions" size={18} />}
            onClick={() => onOpen("captions")}
          >
            {t.captions}
          </Menu.Item>
        )}
        {asset.playback && (
          <Menu.Item leftSection={<Icon name="stamp" size={18} />} onClick={() => onOpen("mark")}>
            {t.markedLink}
          </Menu.Item>
        )}
        <Menu.Item
          leftSection={<Icon name="copy" size={18} />}
          onClick={() => clipboard.copy(asset.id)}
        >
          {t.copyVideoId}
        </Menu.Item>
        <Menu.Item
          className="danger"
          leftSection={<Icon name="trash" size={18} />}
          onClick={() => onOpen("delete")}
        >
          {t.deleteVideo}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
