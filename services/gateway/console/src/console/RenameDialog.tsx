import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { type Asset, renameAsset } from "../api/assets";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";

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
  const submit = () => {
    if (!isEmpty) renaming.mutate();
  };
  return (
    <Dialog onClose={onClose} title={t.renameTitle(asset.name)}>
      <DialogForm doing={renaming} action={t.save} onSubmit={submit} onClose={onClose}>
        <TextInput
          label={t.name}
          maxLength={200}
          data-autofocus
          value={name}
          error={isEmpty ? t.required : null}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      </DialogForm>
    </Dialog>
  );
}
