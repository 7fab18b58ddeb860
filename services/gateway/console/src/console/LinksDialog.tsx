
import type { Asset, AssetLinks } from "../api/assets";
import { useReader } from "../i18n/Reader";
import { CopyField } from "./CopyField";
import { Dialog } from "./Dialog";
import { useMay } from "./may";
import { personal } from "./own-link";
import { SignLink } from "./SignLink";

/** Where an asset is watched, to copy. */
export function LinksDialog({
  asset,
  links,
  onClose,
}: {
  asset: Asset;
  links: AssetLinks;
  onClose: () => void;
}) {
  const { t } = useReader();
  const may = useMay();
  return (
    <Dialog onClose={onClose} size="lg" title={t.linksTitle(asset.name)}>
      {asset.view_policy === "signed" && may("viewers:write") && (
        <SignLink stream={asset.stream} linkOf={({ token }) => personal(links.hls, token)} />
      )}
      <section className="way">
        <p>{asset.view_policy === "signed" ? t.linksSigned : t.linksPublic}</p>
        <CopyField label={t.watchPage} value={links.watch} />
        <CopyField label="HLS" value={links.hls} />
        <CopyField label="DASH" value={links.dash} />
        {/* One file for all viewers would name none of them. */}
        {!asset.is_watermarked && <CopyField label="MP4" value={links.mp4} />}
        <CopyField label={t.linkTS} value={links.hls_ts} />
      </section>
    </Dialog>
  );
}
