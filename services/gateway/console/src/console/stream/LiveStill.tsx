import { useIntersection } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";

import { askPoster } from "../../api/poster";
import type { Stream } from "../../api/streams";
import { useReader } from "../../i18n/Reader";
import { useOwnToken } from "../own-link";
import { streamAddress } from "../place";

/** As long as the gateway keeps one. */
const EVERY_MS = 30_000;
/** Until the first is there. */
const SOON_MS = 3000;

/** What a stream that is on air looked like moments ago; pressed, it opens the stream's page. */
export function LiveStill({ stream, name }: { stream: Stream; name: string }) {
  const { t } = useReader();
  const { ref, entry } = useIntersection({ rootMargin: "200px" });
  const isSeen = entry?.isIntersecting ?? false;
  const own = useOwnToken(stream.id, stream.view_policy, isSeen);
  const path = `${own.token ? `/~${own.token}` : ""}/watch/${stream.id}/poster.jpg`;
  const still = useQuery({
    queryKey: ["live-still", stream.id],
    queryFn: () => askPoster(path),
    enabled: isSeen && own.isReady,
    refetchInterval: ({ state }) => (state.data === "there" ? EVERY_MS : SOON_MS),
    retry: false,
  });
  return (
    <a ref={ref} className="card-still" href={streamAddress(stream.id)} aria-label={t.stream.open(name)}>
      {still.data === "there" && <img src={`${path}?at=${still.dataUpdatedAt}`} alt="" />}
    </a>
  );
}
