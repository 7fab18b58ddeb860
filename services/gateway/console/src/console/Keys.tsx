import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { listKeys, revokeKey } from "../api/access";
import { useReader } from "../i18n/Reader";
import { AccessTabs } from "./AccessTabs";
import { ConfirmDialog } from "./ConfirmDialog";
import { Failure } from "./Failure";
import { FirstSteps } from "./FirstSteps";
import { Icon } from "./icons";
import { KeyRow } from "./KeyRow";
import { useMay } from "./may";
import { NewKeyDialog } from "./NewKeyDialog";
import { RowPlaceholders } from "./RowPlaceholders";
import { useSignedOut } from "./signed-out";

/** Keys of programs, each for what it needs. */
export function Keys() {
  const { t } = useReader();
  const may = useMay();
  const keys = useInfiniteQuery({
    queryKey: ["keys"],
    queryFn: ({ pageParam }) => listKeys(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
  });
  const [isCreating, setCreating] = useState(false);
  const [revoked, setRevoked] = useState<string | null>(null);
  const isSignedOut = useSignedOut(keys.error);

  const all = keys.data?.pages.flatMap((page) => page.keys) ?? [];
  const chosen = all.find((key) => key.id === revoked);
  const create = may("api_keys:write") && (
    <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setCreating(true)}>
      {t.newKey}
    </Button>
  );
  return (
    <>
      <AccessTabs shown="keys" />
      <div className="heading">
        <div>
          <h1>{t.keys}</h1>
          {all.length > 0 && <p>{t.keysHint}</p>}
        </div>
        {all.length > 0 && create}
      </div>
      {keys.error && !isSignedOut && (
        <Failure
          error={keys.error}
          title={t.keysFailedToLoad}
          onRetry={() => void keys.refetch()}
        />
      )}
      {keys.isPending && <RowPlaceholders />}
      {keys.isSuccess && all.length === 0 && (
        <FirstSteps
          title={t.keysEmptyTitle}
          text={t.keysEmptyText}
          steps={t.keysEmptySteps}
          example="weir key add wall --allow streams:read --streams cam- --days 90"
          hint={t.keysEmptyShell}
        >
          {create}
        </FirstSteps>
      )}
      {all.length > 0 && (
        <ul className="rows" aria-label={t.keys}>
          {all.map((key) => (
            <KeyRow key={key.id} apiKey={key} onRevoke={() => setRevoked(key.id)} />
          ))}
        </ul>
      )}
      {keys.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={keys.isFetchingNextPage}
          onClick={() => void keys.fetchNextPage()}
        >
          {t.showMore}
        </Button>
      )}
      {isCreating && <NewKeyDialog onClose={() => setCreating(false)} />}
      {chosen && (
        <ConfirmDialog
          title={t.revokeTitle(chosen.name)}
          text={t.revokeText}
          action={t.revoke}
          refreshes="keys"
          onConfirm={() => revokeKey(chosen.id)}
          onClose={() => setRevoked(null)}
        />
      )}
    </>
  );
}
