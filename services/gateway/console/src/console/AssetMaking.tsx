import type { Asset } from "../api/assets";
import { useReader } from "../i18n/Reader";
import { AssetBadge } from "./AssetBadge";
import { Icon } from "./icons";

/** More parts than these are shown as one bar. */
const MOST_CELLS = 48;

/** In place of the picture, while there is none: which of the chunks are made. */
export function AssetMaking({ asset }: { asset: Asset }) {
  const { name, state, chunks, chunks_done } = asset;
  const { t } = useReader();
  if (state === "failed") {
    return (
      <div className="screen screen-making">
        <Icon name="warn" size={28} />
        <p>{t.assetFailed}</p>
      </div>
    );
  }
  const isPlanned = state === "processing" && chunks > 0;
  const cells = Math.max(1, Math.min(chunks, MOST_CELLS));
  const done = chunks > 0 ? (chunks_done / chunks) * cells : 0;
  return (
    <div className="screen screen-making">
      <AssetBadge asset={asset} />
      <div
        className="cells"
        role="progressbar"
        aria-label={t.progressOf(name)}
        aria-valuemin={0}
        aria-valuemax={Math.max(1, chunks)}
        aria-valuenow={chunks_done}
      >
        {Array.from({ length: cells }, (_, place) => (
          <i key={place} data-done={place + 1 <= done} />
        ))}
      </div>
      <p>{isPlanned ? t.assetProcessing(chunks_done, chunks) : t.assetWaiting}</p>
    </div>
  );
}
