/** What a mark looks like, drawn by Weir as it burns it in. */

import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { drawMark, type Mark } from "../../api/marks";
import type { Size } from "./frame";

export interface MarkPicture extends Size {
  url: string;
}

/** A slider is drawn when it rests, not at each step. */
const RESTS_MS = 120;

export function useMarkPicture(mark: Mark) {
  const [settled] = useDebouncedValue(JSON.stringify({ ...mark, anchor: "top_left", x: 0, y: 0 }), RESTS_MS);
  return useQuery({
    queryKey: ["mark-picture", settled],
    queryFn: () => pictureOf(JSON.parse(settled) as Mark),
    placeholderData: keepPreviousData,
    staleTime: mark.kind === "clock" ? 0 : Infinity,
    retry: false,
  });
}

async function pictureOf(mark: Mark): Promise<MarkPicture> {
  const drawn = await drawMark(mark);
  const { width, height } = await createImageBitmap(drawn);
  return { url: await dataURL(drawn), width, height };
}

function dataURL(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new Error("The picture cannot be read."));
    reader.readAsDataURL(file);
  });
}
