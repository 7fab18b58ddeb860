/** What an entry of the audit log says was done, in words. */

import type { AuditEntry } from "../api/audit";
import type { Messages } from "../i18n/en";

type Noun = keyof Messages["auditNouns"];
type Deed = keyof Messages["auditDeeds"];
type Verb = "auditMake" | "auditChange" | "auditDelete";

/** Routes whose method and noun do not say what is done. */
const DEEDS: Record<string, Deed | [Verb, Noun]> = {
  "POST /api/v1/login": "signIn",
  "POST /api/v1/logout": "signOut",
  "PUT /api/v1/account/password": "changePassword",
  "DELETE /api/v1/account/sessions": "signOutElsewhere",
  "DELETE /api/v1/account/sessions/{session_id}": "signOutElsewhere",
  "DELETE /api/v1/users/{user_id}/sessions": "signOutUser",
  "DELETE /api/v1/streams/{stream_id}/viewers/{viewer}": "kick",
  "POST /api/v1/streams/{stream_id}/viewer-tokens/revoke": "revokeLinks",
  "POST /api/v1/viewer-keys/rotate": "rotateKeys",
  "DELETE /api/v1/sessions/{session}": "deleteRecording",
  "PATCH /api/v1/streams/{stream_id}/chat": "changeChat",
  "DELETE /api/v1/streams/{stream_id}/chat/messages/{message_id}": "removeMessage",
  "POST /api/v1/streams/{stream_id}/chat/bans": "ban",
  "DELETE /api/v1/streams/{stream_id}/chat/bans/{ban_id}": "liftBan",
  "POST /api/v1/streams/{stream_id}/alerts": "alert",
  "POST /api/v1/mark-pictures": "previewMark",
  "POST /api/v1/streams/{stream_id}/metadata": "sendMetadata",
  "POST /api/v1/streams/{stream_id}/clips/{clip_id}/export": "exportClip",
  "DELETE /api/v1/jobs/{job}": "cancelJob",
  "POST /api/v1/uploads/import": "importFile",
  "POST /api/v1/uploads/{upload_id}": "continueUpload",
  "PATCH /api/v1/uploads/{upload_id}": "continueUpload",
  "GET /api/v1/uploads/{upload_id}/parts": "continueUpload",
  "POST /api/v1/uploads/{upload_id}/complete": "completeUpload",
  "POST /api/v1/webhooks/{webhook_id}/rotate": "rotateSecret",
  "POST /api/v1/webhooks/{webhook_id}/test": "testWebhook",
  "POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry": "retryDelivery",
  "POST /api/v1/webhooks/{webhook_id}/replays": "replay",
  "DELETE /api/v1/webhooks/{webhook_id}/replays/{replay_id}": "cancelReplay",
  "POST /login": "signIn",
  "POST /streamdns": ["auditChange", "domain"],
  "POST /createStream": ["auditMake", "stream"],
  "POST /deleteStream": ["auditDelete", "stream"],
  "POST /updateDataRetention": ["auditChange", "stream"],
  "POST /tagStream": ["auditChange", "stream"],
  "POST /untagStream": ["auditChange", "stream"],
  "POST /getHLSStreamingSessionURL": ["auditMake", "link"],
  "POST /getDASHStreamingSessionURL": ["auditMake", "link"],
  "POST /file/download/ts": ["auditMake", "link"],
  "GET /ipc-video-metadata": ["auditMake", "link"],
  "PUT /ipc-video-metadata": ["auditMake", "clip"],
  "POST /putMedia": "putMedia",
};

/** What else a route is about: the first part of it that is here. */
const NOUNS: [string, Noun][] = [
  ["/viewer-tokens", "link"],
  ["/cdn-links", "link"],
  ["/links", "link"],
  ["/relay-targets", "relay"],
  ["/clips", "clip"],
  ["/holds", "hold"],
  ["/captions", "captions"],
  ["/api/v1/tenants", "tenant"],
  ["/api/v1/users", "user"],
  ["/api/v1/api-keys", "key"],
  ["/api/v1/streams", "stream"],
  ["/videostream", "stream"],
  ["/api/v1/uploads", "upload"],
  ["/api/v1/assets", "video"],
  ["/api/v1/jobs", "job"],
  ["/api/v1/images", "image"],
  ["/api/v1/webhooks", "webhook"],
  ["/api/v1/domains", "domain"],
];

/** A call that has no words here stands as it was made. */
export function deedOf({ method, route, target }: AuditEntry, t: Messages): string {
  const deed = DEEDS[`${method} ${route}`];
  if (typeof deed === "string") return t.auditDeeds[deed];
  if (deed) return t[deed[0]](t.auditNouns[deed[1]]);
  const noun = NOUNS.find(([part]) => route.includes(part))?.[1];
  const verb = { POST: t.auditMake, PUT: t.auditChange, PATCH: t.auditChange, DELETE: t.auditDelete }[
    method
  ];
  return noun && verb ? verb(t.auditNouns[noun]) : `${method} ${route || target}`;
}
