import { useLocalStorage } from "@mantine/hooks";

import { type Order, PLAIN, readOrder } from "../uploading/order";

/** What was ordered last on this machine. */
export function useOrder(): [Order, (order: Order) => void] {
  const [kept, keep] = useLocalStorage<Partial<Order>>({
    key: "weir.upload-order",
    defaultValue: PLAIN,
    getInitialValueInEffect: false,
  });
  return [readOrder(kept), keep];
}
