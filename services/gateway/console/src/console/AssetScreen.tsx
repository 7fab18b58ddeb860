import { ActionIcon, Loader } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import type { Asset, AssetLinks } from "../api/assets";
import { useReader } from "../i18n/Reader";
import { AssetBadge } from "./AssetBadge";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { personal, useOwnToken } from "./own-link";
import { Poster } from "./Poster";
import { clock } from "./StateBadge";
import { Storyboard } from "./Storyboard";

const AssetPlayer = lazy(() => import("./AssetPlayer"));

/** The picture of an asset: its poster and storyboard, and in the same place the player. */
export function AssetScreen({
  asset,
  links,
  isPlaying,
  onPlay,
}: {
  asset: Asset;
  links: AssetLinks;
  isPlaying: boolean;
  onPlay: (isWanted: boolean) => void;
}) {
  const { t } = useReader();
  const { name, duration_s } = asset;
  /** Who closed the player goes on at its button. */
  const [isClosed, setClosed] = useState(false);
  const own = useOwnToken(asset.stream, asset.view_policy);
  /** On the console's own origin, whatever the public one is. */
  const pathOf = (url: string) => new URL(own.token ? personal(url, own.token) : url).pathname;
  if (own.error) return <Failure error={own.error} />;
  if (isPlaying && own.isReady) {
    return (
      <div className="screen">
        <Suspense fallback={<Loader className="screen-wait" color="gray" />}>
          <AssetPlayer url={pathOf(links.hls)} name={name} />
        </Suspense>
        <ActionIcon
          className="screen-close"
          size={40}
          variant="filled"
          color="dark"
          aria-label={t.closePlayer}
          title={t.closePlayer}
          onClick={() => {
            setClosed(true);
            onPlay(false);
          }}
        >
          <Icon name="cross" size={18} />
        </ActionIcon>
      </div>
    );
  }
  return (
    <div className="screen">
      <button
        type="button"
        className="screen screen-play"
        aria-label={t.playNamed(name)}
        autoFocus={isClosed}
        onClick={() => onPlay(true)}
      >
        {own.isReady && (
          <>
            <Poster path={pathOf(links.poster)} />
            <Storyboard path={pathOf(links.storyboard)} duration_s={duration_s ?? 0} />
          </>
        )}
        <span className="screen-button">
          <Icon name="play" size={26} />
        </span>
      </button>
      <AssetBadge asset={asset} />
      {duration_s !== null && <time className="screen-time">{clock(Math.round(duration_s))}</time>}
    </div>
  );
}
