import { Alert, Button } from "@mantine/core";

import { RequestFailed } from "../api/http";
import type { Messages } from "../i18n/en";
import { useReader } from "../i18n/Reader";

/** What went wrong, in the reader's language where we know the reason's code. */
export function sentenceOf(error: unknown, t: Messages): string {
  if (!(error instanceof RequestFailed)) return String(error);
  const { code, detail } = error.problem;
  const known: Record<string, string> = {
    unreachable: t.unreachable,
    login_wrong: t.loginWrong,
    login_limited: t.loginLimited,
    permission_lacking: t.permissionLacking,
    session_ended: t.sessionEnded,
    user_exists: t.userExists,
    tenant_exists: t.tenancy.exists,
    quota_full: t.tenancy.quotaFull,
    quota_busy: t.tenancy.quotaBusy,
    storage_full: t.tenancy.storageFull,
    passwords_busy: t.passwordsBusy,
    stream_exists: t.streamExists,
    domain_exists: t.domains.exists,
    domains_too_many: t.domains.tooMany,
    egress_refused: t.relayPrivate,
    egress_unresolved: t.addressUnresolved,
    push_url_invalid: t.badRelayServer,
    file_empty: t.fileEmpty,
    fetch_failed: t.fetchFailed,
    media_disguised: t.mediaDisguised,
    media_broken: t.mediaBroken,
    media_excessive: t.mediaExcessive,
    media_unsupported: t.mediaUnsupported,
    media_refused: t.mediaRefused,
    upload_type_refused: t.uploadType,
    upload_name_invalid: t.uploadName,
    upload_too_large: t.uploadTooLarge,
    upload_quota_full: t.uploadQuota,
    captions_invalid: t.captionsInvalid,
    upload_unknown: t.uploadUnknown,
    event_type_unknown: t.eventTypeUnknown,
    job_range_empty: t.recorded.clipEmpty,
    clip_mixed: t.recorded.clipMixed,
    clip_not_over: t.recorded.clipNotOver,
    webhooks_too_many: t.webhooksTooMany,
    webhook_disabled: t.webhookIsOff,
    webhook_replay_invalid: t.replayInvalid,
    webhook_replays_too_many: t.replaysTooMany,
  };
  return known[code] ?? (detail || t.failed);
}

export function Failure({
  error,
  title,
  onRetry,
}: {
  error: unknown;
  title?: string;
  onRetry?: () => void;
}) {
  const { t } = useReader();
  return (
    <Alert color="red" variant="light" radius="md" title={title ?? t.failed} className="failure">
      <div className="failure-body">
        <span>{sentenceOf(error, t)}</span>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t.tryAgain}
          </Button>
        )}
      </div>
    </Alert>
  );
}
