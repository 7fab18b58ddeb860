import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { useReader } from "../i18n/Reader";
import { Dialog } from "./Dialog";
import { Failure } from "./Failure";

/** Asks before something is done that is hard to take back. */
export function ConfirmDialog({
  title,
  text,
  warning,
  action,
  isHarmless = false,
  refreshes,
  onConfirm,
  onClose,
}: {
  title: string;
  text: string;
  /** What is worse than usual now. */
  warning?: string | undefined;
  /** What the button says. */
  action: string;
  isHarmless?: boolean;
  /** The query whose answer is another afterwards. */
  refreshes: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}) {
  const { t } = useReader();
  const queries = useQueryClient();
  const doing = useMutation({
    mutationFn: onConfirm,
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: [refreshes] });
    },
  });
  return (
    <Dialog onClose={onClose} title={title}>
      {warning && <p className="warning">{warning}</p>}
      <p>{text}</p>
      {doing.error && <Failure error={doing.error} />}
      <div className="dialog-actions">
        <Button variant="default" onClick={onClose} data-autofocus>
          {t.cancel}
        </Button>
        <Button
          color={isHarmless ? "water" : "red"}
          loading={doing.isPending}
          onClick={() => doing.mutate()}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
