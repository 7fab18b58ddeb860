/** What is to be made of a file. */

import { TEMPLATES } from "../api/ladder";
import type { Template } from "../api/streams";
import type { Upload } from "../api/uploads";

export interface Order {
  /** Smaller pictures, besides its own size. */
  rungs: Template[];
  /** A forensic watermark: a leaked copy names who watched it. */
  is_watermarked: boolean;
}

export const PLAIN: Order = { rungs: [], is_watermarked: false };

/** As an upload was begun. */
export function orderOf({ ladder, is_watermarked }: Upload): Order {
  return { rungs: templatesIn(ladder?.rungs), is_watermarked };
}

/** What was kept, read with care: another version may have written it. */
export function readOrder(kept: Partial<Order>): Order {
  return { rungs: templatesIn(kept.rungs), is_watermarked: kept.is_watermarked === true };
}

function templatesIn(names: unknown): Template[] {
  return Array.isArray(names) ? TEMPLATES.filter((template) => names.includes(template)) : [];
}
