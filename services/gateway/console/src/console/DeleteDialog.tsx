import { Button, Modal } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { deleteStream, nameOf, type Stream } from "../api/streams";
import { useReader } from "../i18n/Reader";
import { Failure } from "./Failure";

export function DeleteDialog({ stream, onClose }: { stream: Stream; onClose: () => void }) {
  const { t } = useReader();
  const queries = useQueryClient();
  const deleting = useMutation({
    mutationFn: () => deleteStream(stream.id),
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: ["streams"] });
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.deleteTitle(nameOf(stream))}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {stream.is_live && <p className="warning">{t.deleteLive}</p>}
      <p>{t.deleteText}</p>
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
