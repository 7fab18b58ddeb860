import { Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { nameOf, setTitle, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { DialogForm } from "./DialogForm";

const MAX_TITLE = 200;
const MAX_DESCRIPTION = 5000;

/** What the watch page says of a stream. Who watches sees it change. */
export function TitleDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const [title, setOwn] = useState(stream.title);
  const [description, setDescription] = useState(stream.description);
  const saving = useMutation({
    mutationFn: () => setTitle(stream.id, { title, description }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["streams"] });
      onClose();
    },
  });
  const save = () => {
    saving.mutate();
  };
  return (
    <Dialog onClose={onClose} title={t.titleOf(nameOf(stream))}>
      <DialogForm doing={saving} action={t.save} onSubmit={save} onClose={onClose}>
        <p className="hint">{t.titleHint}</p>
        <TextInput
          label={t.title}
          value={title}
          maxLength={MAX_TITLE}
          data-autofocus
          onChange={(event) => setOwn(event.currentTarget.value)}
        />
        <Textarea
          label={t.description}
          value={description}
          maxLength={MAX_DESCRIPTION}
          rows={5}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
      </DialogForm>
    </Dialog>
  );
}
