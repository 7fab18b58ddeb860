import { Modal } from "@mantine/core";
import type { ReactNode } from "react";

import { useReader } from "../i18n/Reader";

/** A window over the page. */
export function Dialog({
  title,
  size = "md",
  isKept = false,
  onClose,
  children,
}: {
  title: string;
  size?: "md" | "lg" | "xl";
  /** A press beside it does not close it: what it tells, or is about to, is told only once. */
  isKept?: boolean;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useReader();
  return (
    <Modal
      opened
      onClose={onClose}
      size={size}
      title={title}
      closeOnClickOutside={!isKept}
      closeButtonProps={{ "aria-label": t.close }}
    >
      {children}
    </Modal>
  );
}
