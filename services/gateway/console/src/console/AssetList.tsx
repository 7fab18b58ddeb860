import { useState } from "react";

import { type Asset, deleteAsset } from "../api/assets";
import { useReader } from "../i18n/Reader";
import { AssetCard, type AssetDialog } from "./AssetCard";
import { CaptionsDialog } from "./CaptionsDialog";
import { ConfirmDialog } from "./ConfirmDialog";
import { LinksDialog } from "./LinksDialog";
import { MarkedLinkDialog } from "./MarkedLinkDialog";
import { personal } from "./own-link";
import { RenameDialog } from "./RenameDialog";

/** Cards of assets; one of them plays at a time. */
export function AssetList({ assets }: { assets: Asset[] }) {
  const { t } = useReader();
  const [playing, setPlaying] = useState<string | null>(null);
  const [open, setOpen] = useState<{ id: string; dialog: AssetDialog } | null>(null);
  const close = () => setOpen(null);
  const chosen = assets.find((asset) => asset.id === open?.id);
  const links = chosen?.playback;
  return (
    <>
      <ul className="videos">
        {assets.map((asset) => (
          <AssetCard
            key={asset.id}
            asset={asset}
            isPlaying={asset.id === playing}
            onPlay={(isWanted) => setPlaying(isWanted ? asset.id : null)}
            onOpen={(dialog) => setOpen({ id: asset.id, dialog })}
          />
        ))}
      </ul>
      {chosen && open?.dialog === "rename" && <RenameDialog asset={chosen} onClose={close} />}
      {chosen && open?.dialog === "delete" && (
        <ConfirmDialog
          title={t.deleteTitle(chosen.name)}
          text={chosen.way === "session" ? t.deleteKeptText : t.deleteVideoText}
          action={t.delete}
          refreshes="assets"
          onConfirm={() => deleteAsset(chosen)}
          onClose={close}
        />
      )}
      {chosen && open?.dialog === "captions" && <CaptionsDialog asset={chosen} onClose={close} />}
      {chosen && links && open?.dialog === "links" && (
        <LinksDialog asset={chosen} links={links} onClose={close} />
      )}
      {chosen && links && open?.dialog === "mark" && (
        <MarkedLinkDialog
          stream={chosen.stream}
          name={chosen.name}
          policy={chosen.view_policy}
          openHint={t.markedOpenVideo}
          linkOf={({ token }) => personal(links.hls, token)}
          onClose={close}
        />
      )}
    </>
  );
}
