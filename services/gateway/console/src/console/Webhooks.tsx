import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { listWebhooks } from "../api/webhooks";
import { useReader } from "../i18n/Reader";
import { EmptyWebhooks } from "./EmptyWebhooks";
import { Failure } from "./Failure";
import { Icon } from "./icons";
import { SecretDialog } from "./SecretDialog";
import { useSignedOut } from "./signed-out";
import { WebhookDialog } from "./WebhookDialog";
import { WebhookList } from "./WebhookList";

const EVERY_MS = 3000;

/** Who is told what happens here, and whether that goes well. */
export function Webhooks() {
  const { t } = useReader();
  const [isCreating, setCreating] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const hooks = useQuery({
    queryKey: ["webhooks"],
    queryFn: listWebhooks,
    refetchInterval: EVERY_MS,
  });
  const isSignedOut = useSignedOut(hooks.error);
  const all = hooks.data ?? [];
  const failing = all.filter((hook) => hook.is_enabled && hook.failing_since !== null).length;
  return (
    <>
      <div className="heading">
        <div>
          <h1>{t.webhooks}</h1>
          {all.length > 0 && <p>{t.webhookCount(all.length, failing)}</p>}
        </div>
        {all.length > 0 && (
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => setCreating(true)}>
            {t.newWebhook}
          </Button>
        )}
      </div>
      {hooks.error && !isSignedOut && (
        <Failure
          error={hooks.error}
          title={t.webhooksFailedToLoad}
          onRetry={() => void hooks.refetch()}
        />
      )}
      {hooks.isPending && <Skeleton height={168} radius="lg" />}
      {hooks.isSuccess && all.length === 0 && <EmptyWebhooks onCreate={() => setCreating(true)} />}
      <WebhookList hooks={all} />
      {isCreating && (
        <WebhookDialog
          hook={null}
          onMade={(made) => setSecret(made.secret)}
          onClose={() => setCreating(false)}
        />
      )}
      {secret !== null && (
        <SecretDialog secret={secret} isRotated={false} onClose={() => setSecret(null)} />
      )}
    </>
  );
}
