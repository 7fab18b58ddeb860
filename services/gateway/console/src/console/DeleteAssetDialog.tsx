import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { type Asset, deleteAsset } from "../api/assets";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";

export function DeleteAssetDialog({ asset, onClose }: { asset: Asset; onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => deleteAsset(asset),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["assets"] });
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.deleteTitle(asset.name)}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <p>{asset.way === "session" ? t.deleteKeptText : t.deleteVideoText}</p>
      {deleting.error && <Failure error={deleting.error} />}
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.cancel}
        </Button>
        <Button color="red" loading={deleting.isPending} onClick={() => deleting.mutate()}>
          {t.delete}
        </Button>
      </div>
    </Modal>
  );
}
