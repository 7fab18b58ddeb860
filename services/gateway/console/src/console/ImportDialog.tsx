import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { importFile } from "../api/uploads";
import { useReader } from "../i18n/Reader";
import type { Order } from "../uploading/order";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";
import { OrderFields } from "./OrderFields";

const ADDRESS = /^https?:\/\/[^\s/]+/;

export function ImportDialog({
  order,
  onOrder,
  onClose,
}: {
  order: Order;
  onOrder: (order: Order) => void;
  onClose: () => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [url, setURL] = useState("");
  const [name, setName] = useState("");
  const [isChecked, setChecked] = useState(false);
  const isRight = ADDRESS.test(url.trim());
  const importing = useMutation({
    mutationFn: () => importFile(url.trim(), name.trim(), order),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["uploads"] });
      onClose();
    },
  });
  const submit = () => {
    setChecked(true);
    if (isRight) importing.mutate();
  };
  return (
    <Dialog onClose={onClose} title={t.importTitle}>
      <DialogForm doing={importing} action={t.importStart} onSubmit={submit} onClose={onClose}>
        <p className="hint">{t.importHint}</p>
        <TextInput
          type="url"
          label={t.importURL}
          placeholder="https://example.com/film.mp4"
          spellCheck={false}
          maxLength={2048}
          data-autofocus
          withAsterisk
          value={url}
          error={isChecked && !isRight ? t.badAddress : null}
          onChange={(event) => setURL(event.currentTarget.value)}
        />
        <TextInput
          label={
            <>
              {t.importName} <span className="optional">{t.optional}</span>
            </>
          }
          description={t.importNameHint}
          placeholder="film.mp4"
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <OrderFields order={order} onOrder={onOrder} />
      </DialogForm>
    </Dialog>
  );
}
