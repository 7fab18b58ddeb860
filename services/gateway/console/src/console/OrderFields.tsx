import { Chip, Switch } from "@mantine/core";

import { HEIGHTS, TEMPLATES } from "../api/ladder";
import type { Template } from "../api/streams";
import { useReader } from "../i18n/Reader";
import type { Order } from "../uploading/order";

/** What is to be made of a video besides its own size. */
export function OrderFields({
  order,
  onOrder,
}: {
  order: Order;
  onOrder: (order: Order) => void;
}) {
  const { t } = useReader();
  return (
    <div className="order">
      <fieldset className="rungs" title={t.alsoMakeHint}>
        <legend>{t.alsoMake}</legend>
        <Chip.Group<true, Template>
          multiple
          value={order.rungs}
          onChange={(now) => {
            onOrder({ ...order, rungs: TEMPLATES.filter((each) => now.includes(each)) });
          }}
        >
          {TEMPLATES.map((template) => (
            <Chip key={template} value={template} size="sm" radius="md">
              {HEIGHTS[template]}
            </Chip>
          ))}
        </Chip.Group>
      </fieldset>
      <Switch
        label={t.watermark}
        description={t.watermarkHint}
        checked={order.is_watermarked}
        onChange={(event) => onOrder({ ...order, is_watermarked: event.currentTarget.checked })}
      />
    </div>
  );
}
