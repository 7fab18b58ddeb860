import { Button, Skeleton } from "@mantine/core";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";

import { isInTheMaking, listAssets } from "../api/assets";
import { listUnfinished } from "../api/uploads";
import { useReader } from "../i18n/Reader";
import { uploads } from "../uploading/queue";
import { AssetList } from "./AssetList";
import { EmptyVideos } from "./EmptyVideos";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { ImportDialog } from "./ImportDialog";
import { Intake } from "./Intake";
import { ASSET_COLUMNS, assetRows } from "./lists/asset-rows";
import { CSVButton } from "./lists/CSVButton";
import { News } from "./News";
import { SendingRow } from "./SendingRow";
import { useMay } from "./may";
import { useSignedOut } from "./signed-out";
import { UploadRow } from "./UploadRow";
import { useOrder } from "./use-order";

const SOON_MS = 1500;
const EVERY_MS = 5000;

/** Video on demand: what comes in, what is made of it, and what is there to watch. */
export function Videos() {
  const { t } = useReader();
  const may = useMay();
  const queries = useQueryClient();
  const [order, setOrder] = useOrder();
  const [isImporting, setImporting] = useState(false);
  const sendings = useSyncExternalStore(uploads.subscribe, uploads.get);
  const unfinished = useQuery({
    queryKey: ["uploads"],
    queryFn: listUnfinished,
    refetchInterval: ({ state }) => (state.data?.length || sendings.length ? SOON_MS : EVERY_MS),
  });
  const assets = useInfiniteQuery({
    queryKey: ["assets"],
    queryFn: ({ pageParam }) => listAssets(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.assets.some(isInTheMaking)) ? SOON_MS : EVERY_MS,
  });
  const isSignedOut = useSignedOut(unfinished.error ?? assets.error);

  const waiting = useMemo(() => {
    const sent = new Set(sendings.map(({ upload }) => upload));
    return (unfinished.data ?? []).filter(({ id }) => !sent.has(id));
  }, [unfinished.data, sendings]);
  useEffect(() => {
    uploads.onSent = () => queries.invalidateQueries({ queryKey: ["uploads"] });
  }, [queries]);
  // What left this list has become an asset.
  const waitingIds = waiting.map(({ id }) => id).join();
  useEffect(() => {
    void queries.invalidateQueries({ queryKey: ["assets"] });
  }, [waitingIds, queries]);

  const all = useMemo(
    () => assets.data?.pages.flatMap((page) => page.assets) ?? [],
    [assets.data],
  );
  const isEmpty = assets.isSuccess && all.length + waiting.length + sendings.length === 0;
  const making = all.filter(isInTheMaking).length;
  const isKnown = assets.isSuccess && unfinished.isSuccess;
  return (
    <>
      <News known={isKnown ? { sendings, uploads: waiting, assets: all } : null} />
      <div className="heading">
        <div>
          <h1>{t.videos}</h1>
          {all.length > 0 && <p>{t.videoCount(all.length, making)}</p>}
        </div>
        <div className="heading-actions">
          {all.length > 0 && <CSVButton name="videos" columns={ASSET_COLUMNS} rows={assetRows} />}
          {may("assets:write") && (
            <Button
              variant="default"
              leftSection={<Icon name="globe" size={18} />}
              onClick={() => setImporting(true)}
            >
              {t.importVideo}
            </Button>
          )}
        </div>
      </div>
      {assets.error && !isSignedOut && (
        <Failure
          error={assets.error}
          title={t.videosFailedToLoad}
          onRetry={() => void assets.refetch()}
        />
      )}
      {may("assets:write") && (
        <Intake order={order} onOrder={setOrder} onFiles={(files) => uploads.add(files, order)} />
      )}
      {waiting.length + sendings.length > 0 && (
        <ul className="comings" aria-label={t.inProgress}>
          {sendings.map((sending) => (
            <SendingRow key={sending.key} sending={sending} />
          ))}
          {waiting.map((upload) => (
            <UploadRow key={upload.id} upload={upload} />
          ))}
        </ul>
      )}
      {assets.isPending && <Placeholders />}
      {isEmpty && (may("assets:write") ? <EmptyVideos /> : <p className="nothing">{t.videosEmptyForOthers}</p>)}
      <AssetList assets={all} />
      {assets.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={assets.isFetchingNextPage}
          onClick={() => void assets.fetchNextPage()}
        >
          {t.showMore}
        </Button>
      )}
      {isImporting && (
        <ImportDialog order={order} onOrder={setOrder} onClose={() => setImporting(false)} />
      )}
    </>
  );
}

function Placeholders() {
  return (
    <div className="videos" aria-hidden="true">
      {[1, 2, 3].map((each) => (
        <Skeleton key={each} height={272} radius="lg" />
      ))}
    </div>
  );
}
