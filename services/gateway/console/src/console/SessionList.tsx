import { Button, Skeleton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { endOtherSessions, endSession, listSessions } from "../api/account";
import { useReader } from "../i18n/Reader";
import { agentText } from "./agent";
import { ago } from "./ago";
import { ConfirmDialog } from "./ConfirmDialog";
import { Failure } from "./Failure";
import { useSignedOut } from "./signed-out";

/** Where the account is signed in. */
export function SessionList() {
  const { t, tag } = useReader();
  const queries = useQueryClient();
  const [isEnding, setEnding] = useState(false);
  const sessions = useQuery({ queryKey: ["sessions"], queryFn: listSessions });
  const ending = useMutation({
    mutationFn: endSession,
    onSettled: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const isSignedOut = useSignedOut(sessions.error);
  const error = ending.error ?? (isSignedOut ? null : sessions.error);
  const others = sessions.data?.filter((each) => !each.is_this) ?? [];
  return (
    <section className="panel">
      <h2>{t.sessions}</h2>
      <p className="hint">{t.sessionsHint}</p>
      {error && <Failure error={error} />}
      {sessions.isPending && <Skeleton height={56} radius="md" />}
      <ul className="sessions" aria-label={t.sessions}>
        {sessions.data?.map((each) => {
          const name = agentText(each.agent);
          return (
            <li key={each.id}>
              <div>
                <strong title={each.agent}>{name}</strong>
                <p className="term">
                  {each.address} · {t.keyUsed(ago(tag, each.used_at))}
                </p>
              </div>
              {each.is_this ? (
                <span className="tag" data-role="viewer">
                  {t.thisSession}
                </span>
              ) : (
                <Button
                  variant="default"
                  size="compact-md"
                  aria-label={t.endSessionNamed(name)}
                  loading={ending.isPending && ending.variables === each.id}
                  onClick={() => ending.mutate(each.id)}
                >
                  {t.signOut}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {others.length > 0 && (
        <Button variant="default" onClick={() => setEnding(true)}>
          {t.signOutElsewhere}
        </Button>
      )}
      {isEnding && (
        <ConfirmDialog
          title={t.signOutElsewhereTitle}
          text={t.signOutElsewhereText(others.length)}
          action={t.signOut}
          refreshes="sessions"
          onConfirm={endOtherSessions}
          onClose={() => setEnding(false)}
        />
      )}
    </section>
  );
}
