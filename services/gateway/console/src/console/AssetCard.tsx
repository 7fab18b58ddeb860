import { Button } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";

import { type Asset, rungsOf } from "../api/assets";
import { HEIGHTS } from "../api/ladder";
import type { Template } from "../api/streams";
import { dayText } from "../i18n/amounts";
import { useReader } from "../i18n/Reader";
import { AssetMaking } from "./AssetMaking";
import { AssetScreen } from "./AssetScreen";
import { Icon } from "./icons";
import { useMay } from "./may";
import { MoreMenu } from "./MoreMenu";
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
  const made = dayText(tag, asset.created_at);
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
              href={new URL(playback.mp4).pathname}
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
  const may = useMay();
  const clipboard = useClipboard();
  const isThere = asset.playback !== null;
  return (
    <MoreMenu
      name={asset.name}
      choices={[
        may("assets:write") && {
          icon: "pencil",
          label: t.rename,
          onChoose: () => onOpen("rename"),
        },
        isThere &&
          may("assets:write") && {
            icon: "captions",
            label: t.captions,
            onChoose: () => onOpen("captions"),
          },
        isThere &&
          may("viewers:write") && {
            icon: "stamp",
            label: t.markedLink,
            onChoose: () => onOpen("mark"),
          },
        { icon: "copy", label: t.copyVideoId, onChoose: () => clipboard.copy(asset.id) },
        may("assets:delete") && {
          icon: "trash",
          label: t.deleteVideo,
          isDanger: true,
          onChoose: () => onOpen("delete"),
        },
      ]}
    />
  );
}
