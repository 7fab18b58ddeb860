import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Asset, renameAsset } from "../api/assets";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";

export function RenameDialog({ asset, onClose }: { asset: Asset; onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [name, setName] = useState(asset.name);
  const renaming = useMutation({
    mutationFn: () => renameAsset(asset.id, name.trim()),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["assets"] });
      onClose();
    },
  });
  const isEmpty = !name.trim();
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.renameTitle(asset.name)}
      closeButtonProps={{ "aria-label": t.close }}
    >
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isEmpty) renaming.mutate();
        }}
      >
        <TextInput
          label={t.name}
          maxLength={200}
          data-autofocus
          value={name}
          error={isEmpty ? t.required : null}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {renaming.error && <Failure error={renaming.error} />}
        <div className="dialog-actions">
          <Button variant="default" onClick={onClose}>
            {t.cancel}
          </Button>
          <Button type="submit" loading={renaming.isPending}>
            {t.save}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
