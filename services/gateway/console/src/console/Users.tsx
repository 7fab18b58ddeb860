import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { listUsers } from "../api/access";
import { useReader } from "../i18n/Reader";
import { AccessTabs } from "./AccessTabs";
import { FirstSteps } from "./FirstSteps";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { useMay } from "./may";
import { NewUserDialog } from "./NewUserDialog";
import { RowPlaceholders } from "./RowPlaceholders";
import { useSignedOut } from "./signed-out";
import { UserDialogs } from "./UserDialogs";
import { type UserDialog, UserRow } from "./UserRow";

/** Who may sign in, and as what. `self`: the name of who looks. */
export function Users({ self }: { self: string }) {
  const { t } = useReader();
  const may = useMay();
  const users = useInfiniteQuery({
    queryKey: ["users"],
    queryFn: ({ pageParam }) => listUsers(pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_after,
  });
  const [isCreating, setCreating] = useState(false);
  const [open, setOpen] = useState<{ id: string; dialog: UserDialog } | null>(null);
  const isSignedOut = useSignedOut(users.error);

  const all = users.data?.pages.flatMap((page) => page.users) ?? [];
  const chosen = all.find((user) => user.id === open?.id);
  const create = may("users:write") && (
    <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setCreating(true)}>
      {t.newUser}
    </Button>
  );
  return (
    <>
      <AccessTabs shown="users" />
      <div className="heading">
        <div>
          <h1>{t.users}</h1>
          {all.length > 0 && <p>{t.usersHint}</p>}
        </div>
        {all.length > 0 && create}
      </div>
      {users.error && !isSignedOut && (
        <Failure
          error={users.error}
          title={t.usersFailedToLoad}
          onRetry={() => void users.refetch()}
        />
      )}
      {users.isPending && <RowPlaceholders />}
      {users.isSuccess && all.length === 0 && (
        <FirstSteps
          title={t.usersEmptyTitle}
          text={t.usersEmptyText}
          steps={t.usersEmptySteps}
          example="weir user add anna --role operator"
          hint={t.usersEmptyShell}
        >
          {create}
        </FirstSteps>
      )}
      {all.length > 0 && (
        <ul className="rows" aria-label={t.users}>
          {all.map((user) => (
            <UserRow
              key={user.id}
              user={user}
              isSelf={user.name === self}
              onOpen={(dialog) => setOpen({ id: user.id, dialog })}
            />
          ))}
        </ul>
      )}
      {users.hasNextPage && (
        <Button
          className="more"
          variant="default"
          loading={users.isFetchingNextPage}
          onClick={() => void users.fetchNextPage()}
        >
          {t.showMore}
        </Button>
      )}
      {isCreating && <NewUserDialog onClose={() => setCreating(false)} />}
      {chosen && open && (
        <UserDialogs user={chosen} dialog={open.dialog} onClose={() => setOpen(null)} />
      )}
    </>
  );
}
