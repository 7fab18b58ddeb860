import type { Asset } from "../api/assets";
import { useReader } from "../i18n/Reader";
import { Icon } from "./icons";

/** On the picture: that not everybody watches it, or that a leaked copy names its viewer. */
export function AssetBadge({ asset: { is_watermarked, view_policy } }: { asset: Asset }) {
  const { t } = useReader();
  if (is_watermarked) {
    return (
      <span className="screen-badge" title={t.watermarkedHint}>
        <Icon name="fingerprint" size={16} />
        {t.watermarked}
      </span>
    );
  }
  if (view_policy === "public") return null;
  return (
    <span className="screen-badge" title={t.linksOnlyHint}>
      <Icon name="lock" size={16} />
      {t.linksOnly}
    </span>
  );
}
