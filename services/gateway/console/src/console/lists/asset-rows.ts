import { type Asset, listAssets } from "../../api/assets";
import type { Cell } from "./csv";

export const ASSET_COLUMNS = [
  "id", "name", "way", "state", "duration_s", "view_policy", "reason", "created_at", "updated_at",
] as const satisfies (keyof Asset)[];

/** Every asset, page by page. */
export async function assetRows(): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  let after: string | null = null;
  do {
    const page = await listAssets(after);
    rows.push(...page.assets.map((asset) => ASSET_COLUMNS.map((name) => asset[name])));
    after = page.next_after ?? null;
  } while (after !== null);
  return rows;
}
