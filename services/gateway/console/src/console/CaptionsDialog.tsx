import { ActionIcon } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import type { Asset } from "../api/assets";
import { type Caption, deleteCaptions, listCaptions } from "../api/captions";
import { useReader } from "../i18n/Reader";
import { CaptionForm } from "./CaptionForm";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";
import { Icon } from "./icons";

/** Which captions an asset has, and a way to add some. */
export function CaptionsDialog({ asset, onClose }: { asset: Asset; onClose: () => void }) {
  const { t } = useReader();
  const captions = useQuery({
    queryKey: ["captions", asset.id],
    queryFn: () => listCaptions(asset.id),
  });
  return (
    <Dialog onClose={onClose} size="lg" title={t.captionsTitle(asset.name)}>
      {captions.error && <Failure error={captions.error} onRetry={() => void captions.refetch()} />}
      {captions.data?.length === 0 && <p className="hint caption-none">{t.captionsNone}</p>}
      {captions.data && captions.data.length > 0 && (
        <ul className="captions" aria-label={t.captions}>
          {captions.data.map((caption) => (
            <CaptionRow key={caption.id} asset={asset.id} caption={caption} />
          ))}
        </ul>
      )}
      <CaptionForm asset={asset.id} />
    </Dialog>
  );
}

function CaptionRow({ asset, caption }: { asset: string; caption: Caption }) {
  const { t, tag } = useReader();
  const queries = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => deleteCaptions(asset, caption.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["captions", asset] }),
  });
  const name = new Intl.DisplayNames(tag, { type: "language" }).of(caption.language);
  const facts = [name ?? caption.language, t.captionsCues(caption.cues)];
  if (caption.is_default) facts.push(t.captionsIsDefault);
  const label = t.captionsDelete(caption.label);
  return (
    <li>
      <strong lang={caption.language}>{caption.label}</strong>
      <span className="term">{facts.join(" · ")}</span>
      <ActionIcon
        size={40}
        aria-label={label}
        title={label}
        loading={deleting.isPending}
        onClick={() => deleting.mutate()}
      >
        <Icon name="trash" size={18} />
      </ActionIcon>
      {deleting.error && <Failure error={deleting.error} />}
    </li>
  );
}
