import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { listTenants } from "../../api/tenants";
import { useReader } from "../../i18n/Reader";
import { AccessTabs } from "../AccessTabs";
import { Failure } from "../Failure";
import { Icon } from "../icons";
import { RowPlaceholders } from "../RowPlaceholders";
import { useSignedOut } from "../signed-out";
import { NewTenantDialog } from "./NewTenantDialog";
import { TenantDialogs } from "./TenantDialogs";
import { type TenantDialog, TenantRow } from "./TenantRow";

/** Who shares the installation, and how much each takes of it. */
export function Tenants() {
  const { t } = useReader();
  const tenants = useInfiniteQuery({
    queryKey: ["tenants"],
    queryFn: ({ pageParam }) => listTenants(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
  });
  const [isCreating, setCreating] = useState(false);
  const [open, setOpen] = useState<{ id: string; dialog: TenantDialog } | null>(null);
  const isSignedOut = useSignedOut(tenants.error);

  const all = tenants.data?.pages.flatMap((page) => page.tenants) ?? [];
  const chosen = all.find((tenant) => tenant.id === open?.id);
  return (
    <>
      <AccessTabs shown="tenants" />
      <div className="heading">
        <div>
          <h1>{t.tenants}</h1>
          <p>{t.tenancy.hint}</p>
        </div>
        <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setCreating(true)}>
          {t.tenancy.create}
        </Button>
      </div>
      {tenants.error && !isSignedOut && (
        <Failure
          error={tenants.error}
          title={t.tenancy.failedToLoad}
          onRetry={() => void tenants.refetch()}
        />
      )}
      {tenants.isPending && <RowPlaceholders />}
      {all.length > 0 && (
        <ul className="rows" aria-label={t.tenants}>
          {all.map((tenant) => (
            <TenantRow
              key={tenant.id}
              tenant={tenant}
              onOpen={(dialog) => setOpen({ id: tenant.id, dialog })}
            />
          ))}
        </ul>
      )}
      {tenants.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={tenants.isFetchingNextPage}
          onClick={() => void tenants.fetchNextPage()}
        >
          {t.showMore}
        </Button>
      )}
      {isCreating && <NewTenantDialog onClose={() => setCreating(false)} />}
      {chosen && open && (
        <TenantDialogs tenant={chosen} dialog={open.dialog} onClose={() => setOpen(null)} />
      )}
    </>
  );
}
