/** What an entry of the audit log says was done, in words. */

import type { AuditEntry } from "../api/audit";
import type { Messages } from "../i18n/en";

type Noun = keyof Messages["auditNouns"];
type Deed = keyof Messages["auditDeeds"];

/** Routes that are a deed by themselves. */
const DEEDS: Record<string, Deed> = {
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
  ["/Prod/videostream", "stream"],
  ["/api/v1/uploads", "upload"],
  ["/api/v1/assets", "video"],
  ["/api/v1/jobs", "job"],
  ["/api/v1/images", "image"],
  ["/api/v1/webhooks", "webhook"],
  ["/api/v1/domains", "domain"],
  ["/streamdns", "domain"],
];

/** A call that has no words here stands as it was made. */
export function deedOf({ method, route, target }: AuditEntry, t: Messages): string {
  const deed = DEEDS[`${method} ${route}`];
  if (deed) return t.auditDeeds[deed];
  const noun = NOUNS.find(([part]) => route.includes(part))?.[1];
  const verb = { POST: t.auditMake, PUT: t.auditChange, PATCH: t.auditChange, DELETE: t.auditDelete }[
    method
  ];
  return noun && verb ? verb(t.auditNouns[noun]) : `${method} ${route || target}`;
}
