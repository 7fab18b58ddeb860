import { useIntersection } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { askPoster } from "../api/poster";
import { unsigned } from "./own-link";

const EVERY_MS = 2000;
/** One that is not there after so many looks could not be made. */
const MOST_LOOKS = 60;
/** So far below the window a picture is fetched already. */
const AHEAD = "400px";

/** The picture of a recording, fetched once it is in view. */
export function Poster({ path }: { path: string }) {
  const { ref, entry } = useIntersection({ rootMargin: AHEAD });
  const [isSeen, setSeen] = useState(false);
  if (entry?.isIntersecting && !isSeen) setSeen(true);
  const poster = useQuery({
    queryKey: ["poster", unsigned(path)],
    queryFn: () => askPoster(path),
    enabled: isSeen,
    staleTime: Infinity,
    retry: false,
    refetchInterval: ({ state }) =>
      state.data === "making" && state.dataUpdateCount < MOST_LOOKS ? EVERY_MS : false,
  });
  return (
    <span ref={ref} className="board">
      {poster.data === "there" && <img className="screen-picture" src={path} alt="" />}
    </span>
  );
}
