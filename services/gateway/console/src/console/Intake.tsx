import { useMediaQuery } from "@mantine/hooks";

import { useReader } from "../i18n/Reader";
import type { Order } from "../uploading/order";
import { FileButton } from "./FileButton";
import { useFileDrop } from "./file-drop";
import { Icon } from "./icons";
import { OrderFields } from "./OrderFields";

/** Where files come in: dropped anywhere on the page, or chosen. */
export function Intake({
  order,
  onOrder,
  onFiles,
}: {
  order: Order;
  onOrder: (order: Order) => void;
  onFiles: (files: File[]) => void;
}) {
  const { t } = useReader();
  const isOver = useFileDrop(onFiles);
  const isTouched = useMediaQuery("(pointer: coarse)", false, { getInitialValueInEffect: false });
  const invitation = isTouched ? t.chooseHere : t.dropHere;
  return (
    <section className="intake" data-over={isOver}>
      <Icon name="upload" size={28} />
      <div className="intake-text">
        <h2>{isOver ? t.dropNow : invitation}</h2>
        <p className="hint">{t.dropKinds}</p>
      </div>
      <FileButton isMultiple onFiles={onFiles}>
        {t.chooseFiles}
      </FileButton>
      <OrderFields order={order} onOrder={onOrder} />
    </section>
  );
}
