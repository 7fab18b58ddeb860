"""Who may call what, written out."""

import re
from dataclasses import dataclass

from libs.permissions import Role

MAY = """
streams:read        viewer operator owner
streams:write              operator owner
streams:publish            operator owner
keys:read                  operator owner
viewers:read        viewer operator owner
viewers:write              operator owner
chat:read           viewer operator owner
chat:write                 operator owner
alerts:write               operator owner
domains:write                       owner
relays:read         viewer operator owner
relays:write               operator owner
recordings:read     viewer operator owner
recordings:write           operator owner
recordings:delete          operator owner
assets:read         viewer operator owner
assets:write               operator owner
assets:delete              operator owner
jobs:read           viewer operator owner
jobs:write                 operator owner
settings:read              operator owner
events:read         viewer operator owner
webhooks:read              operator owner
webhooks:write             operator owner
watermarks:read                     owner
users:read                          owner
users:write                         owner
api_keys:read                       owner
api_keys:write                      owner
settings:write                      owner
audit:read                          owner
tenants:read               operator owner
tenants:write                       owner
"""
"""Which role holds which permission."""

# What stands behind a route: a permission; `signed` and one, which the settings' access key holds
# and nobody else can show; `known`: whoever is known; `account`: of those, users; `presigned`:
# whoever has the URL; `watching`: whoever may watch the stream, here a signed one; `viewer`: the
# same, but only as a viewer, whoever it is; `anybody`.
ROUTES = """
GET     /api/v1/streams                                                    streams:read
POST    /api/v1/streams                                                    streams:write
GET     /api/v1/streams/{stream_id}                                        streams:read
PATCH   /api/v1/streams/{stream_id}                                        streams:write
DELETE  /api/v1/streams/{stream_id}                                        streams:write
GET     /api/v1/streams/{stream_id}/doctor                                 streams:read
GET     /api/v1/streams/{stream_id}/latency                                streams:read
POST    /api/v1/streams/{stream_id}/metadata                               streams:write
GET     /api/v1/streams/{stream_id}/viewers                                viewers:read
DELETE  /api/v1/streams/{stream_id}/viewers/{viewer}                       viewers:write
GET     /api/v1/sessions/{session}/watermark                               watermarks:read
GET     /api/v1/sessions/{session}/watermark/viewers                       watermarks:read
POST    /api/v1/streams/{stream_id}/viewer-tokens                          viewers:write
POST    /api/v1/streams/{stream_id}/viewer-tokens/own                      recordings:read
POST    /api/v1/streams/{stream_id}/viewer-tokens/revoke                   viewers:write
POST    /api/v1/streams/{stream_id}/cdn-links                              viewers:write
GET     /api/v1/viewer-keys                                                viewers:read
POST    /api/v1/viewer-keys/rotate                                         settings:write
GET     /api/v1/streams/{stream_id}/relay-targets                          relays:read
POST    /api/v1/streams/{stream_id}/relay-targets                          relays:write
GET     /api/v1/streams/{stream_id}/relay-targets/{target_id}              relays:read
PATCH   /api/v1/streams/{stream_id}/relay-targets/{target_id}              relays:write
DELETE  /api/v1/streams/{stream_id}/relay-targets/{target_id}              relays:write
GET     /api/v1/streams/{stream_id}/files                                  recordings:read
GET     /api/v1/files/{key:path}                                           recordings:read
GET     /api/v1/streams/{stream_id}/timeline                               recordings:read
GET     /api/v1/streams/{stream_id}/holds                                  recordings:read
POST    /api/v1/streams/{stream_id}/holds                                  recordings:write
DELETE  /api/v1/streams/{stream_id}/holds/{hold_id}                        recordings:delete
GET     /api/v1/streams/{stream_id}/chat                                   chat:read
PATCH   /api/v1/streams/{stream_id}/chat                                   chat:write
DELETE  /api/v1/streams/{stream_id}/chat/messages/{message_id}             chat:write
GET     /api/v1/streams/{stream_id}/chat/bans                              chat:read
POST    /api/v1/streams/{stream_id}/chat/bans                              chat:write
DELETE  /api/v1/streams/{stream_id}/chat/bans/{ban_id}                     chat:write
POST    /api/v1/streams/{stream_id}/alerts                                 alerts:write
GET     /api/v1/streams/{stream_id}/clips                                  recordings:read
POST    /api/v1/streams/{stream_id}/clips                                  recordings:write
GET     /api/v1/streams/{stream_id}/clips/{clip_id}                        recordings:read
DELETE  /api/v1/streams/{stream_id}/clips/{clip_id}                        recordings:delete
POST    /api/v1/streams/{stream_id}/clips/{clip_id}/export                 recordings:write
POST    /api/v1/streams/{stream_id}/clips/{clip_id}/links                  viewers:write
GET     /api/v1/streams/{stream_id}/clips/{clip_id}/file                   recordings:read
POST    /api/v1/images                                                     streams:write
GET     /api/v1/images/{image}                                             streams:read
POST    /api/v1/mark-pictures                                              streams:write
GET     /api/v1/sessions                                                   recordings:read
GET     /api/v1/sessions/{session}                                         recordings:read
DELETE  /api/v1/sessions/{session}                                         recordings:delete
POST    /api/v1/sessions/{session}/links                                   viewers:write
GET     /api/v1/sessions/{session}/renditions                              recordings:read
GET     /api/v1/sessions/{session}/segments                                recordings:read
GET     /api/v1/windows                                                    recordings:read
GET     /api/v1/jobs                                                       jobs:read
POST    /api/v1/jobs                                                       jobs:write
GET     /api/v1/jobs/{job}                                                 jobs:read
DELETE  /api/v1/jobs/{job}                                                 jobs:write
GET     /api/v1/jobs/{job}/log                                             jobs:read
GET     /api/v1/jobs/{job}/result                                          recordings:read
GET     /api/v1/dead-letters                                               settings:read
GET     /api/v1/system                                                     settings:read
GET     /api/v1/uploads                                                    assets:read
GET     /api/v1/uploads/{upload_id}                                        assets:read
POST    /api/v1/uploads/import                                             assets:write
POST    /api/v1/uploads/direct                                             assets:write
GET     /api/v1/uploads/{upload_id}/parts                                  assets:write
POST    /api/v1/uploads/{upload_id}/complete                               assets:write
POST    /api/v1/uploads                                                    assets:write
HEAD    /api/v1/uploads/{upload_id}                                        assets:write
PATCH   /api/v1/uploads/{upload_id}                                        assets:write
DELETE  /api/v1/uploads/{upload_id}                                        assets:write
POST    /api/v1/uploads/{upload_id}                                        assets:write
GET     /api/v1/assets                                                     assets:read
POST    /api/v1/assets                                                     assets:write
GET     /api/v1/assets/{asset_id}                                          assets:read
GET     /api/v1/assets/{asset_id}/events                                   assets:read
PATCH   /api/v1/assets/{asset_id}                                          assets:write
DELETE  /api/v1/assets/{asset_id}                                          assets:delete
GET     /api/v1/assets/{asset_id}/captions                                 assets:read
POST    /api/v1/assets/{asset_id}/captions                                 assets:write
DELETE  /api/v1/assets/{asset_id}/captions/{caption}                       assets:write
GET     /api/v1/events                                                     events:read
GET     /api/v1/webhooks                                                   webhooks:read
POST    /api/v1/webhooks                                                   webhooks:write
GET     /api/v1/webhooks/{webhook_id}                                      webhooks:read
PATCH   /api/v1/webhooks/{webhook_id}                                      webhooks:write
DELETE  /api/v1/webhooks/{webhook_id}                                      webhooks:write
POST    /api/v1/webhooks/{webhook_id}/rotate                               webhooks:write
POST    /api/v1/webhooks/{webhook_id}/test                                 webhooks:write
GET     /api/v1/webhooks/{webhook_id}/deliveries                           webhooks:read
GET     /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}             webhooks:read
POST    /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/retry       webhooks:write
POST    /api/v1/webhooks/{webhook_id}/replays                              webhooks:write
GET     /api/v1/webhooks/{webhook_id}/replays                              webhooks:read
GET     /api/v1/webhooks/{webhook_id}/replays/{replay_id}                  webhooks:read
DELETE  /api/v1/webhooks/{webhook_id}/replays/{replay_id}                  webhooks:write
GET     /api/v1/devices                                                    recordings:read
GET     /api/v1/domains                                                    streams:read
POST    /api/v1/domains                                                    domains:write
PATCH   /api/v1/domains/{domain_id}                                        domains:write
DELETE  /api/v1/domains/{domain_id}                                        domains:write
POST    /api/v1/login                                                      anybody
POST    /api/v1/logout                                                     anybody
GET     /api/v1/login                                                      known
PUT     /api/v1/account/password                                           account
GET     /api/v1/account/sessions                                           account
DELETE  /api/v1/account/sessions/{session_id}                               account
DELETE  /api/v1/account/sessions                                           account
GET     /api/v1/tenants                                                    tenants:read
POST    /api/v1/tenants                                                    tenants:write
GET     /api/v1/tenants/{tenant_id}                                        tenants:read
PATCH   /api/v1/tenants/{tenant_id}                                        tenants:write
GET     /api/v1/tenants/{tenant_id}/usage                                  tenants:read
GET     /api/v1/users                                                      users:read
POST    /api/v1/users                                                      users:write
GET     /api/v1/users/{user_id}                                            users:read
PATCH   /api/v1/users/{user_id}                                            users:write
DELETE  /api/v1/users/{user_id}                                            users:write
DELETE  /api/v1/users/{user_id}/sessions                                   users:write
GET     /api/v1/api-keys                                                   api_keys:read
POST    /api/v1/api-keys                                                   api_keys:write
DELETE  /api/v1/api-keys/{key_id}                                          api_keys:write
GET     /api/v1/audit                                                      audit:read
GET     /api/v1/audit.csv                                                  audit:read
GET     /api/v1/health                                                     anybody
OPTIONS /api/v1/uploads                                                    anybody
POST    /videostream                                                       streams:write
GET     /videostream                                                       streams:read
GET     /videostream/{stream_id}                                           streams:read
PUT     /videostream/{stream_id}                                           streams:write
DELETE  /videostream/{stream_id}                                           streams:write
POST    /Prod/videostream                                                  streams:write
GET     /Prod/videostream                                                  streams:read
GET     /Prod/videostream/{stream_id}                                      streams:read
PUT     /Prod/videostream/{stream_id}                                      streams:write
DELETE  /Prod/videostream/{stream_id}                                      streams:write
GET     /videostreams                                                      streams:read
POST    /videostreams                                                      streams:write
GET     /videostreams/online                                               streams:read
PUT     /videostreams/{stream_id}                                          streams:write
DELETE  /videostreams/{stream_id}                                          streams:write
GET     /streamdns                                                         streams:read
POST    /streamdns                                                         domains:write
POST    /login                                                             anybody
GET     /healthcheck                                                       anybody
HEAD    /healthcheck                                                       anybody
GET     /time                                                              anybody
HEAD    /time                                                              anybody
GET     /readyz                                                            anybody
HEAD    /readyz                                                            anybody
GET     /docs                                                              anybody
GET     /docs/style.css                                                    anybody
GET     /static/{name:path}                                                anybody
HEAD    /static/{name:path}                                                anybody
POST    /createStream                                                      signed streams:write
POST    /describeStream                                                    signed streams:read
POST    /listStreams                                                       signed streams:read
POST    /deleteStream                                                      signed streams:write
POST    /updateDataRetention                                               signed streams:write
POST    /getDataEndpoint                                                   signed streams:read
POST    /tagStream                                                         signed streams:write
POST    /untagStream                                                       signed streams:write
POST    /listTagsForStream                                                 signed streams:read
POST    /listFragments                                                     signed recordings:read
POST    /getMediaForFragmentList                                           signed recordings:read
POST    /getHLSStreamingSessionURL                                         signed viewers:write
POST    /getDASHStreamingSessionURL                                        signed viewers:write
POST    /getClip                                                           signed recordings:read
POST    /getImages                                                         signed recordings:read
POST    /putMedia                                                          signed streams:publish
POST    /file/download/ts                                                  viewers:write
GET     /vod/{key:path}                                                    presigned
HEAD    /vod/{key:path}                                                    presigned
PUT     /ipc-video-metadata                                                recordings:write
GET     /ipc-video-metadata                                                viewers:write
GET     /{stream}/{session}/poster.jpg                                     watching
HEAD    /{stream}/{session}/poster.jpg                                     watching
GET     /~{personal}/{stream}/{session}/poster.jpg                         watching
HEAD    /~{personal}/{stream}/{session}/poster.jpg                         watching
GET     /{stream}/{session}/captions/{name}                                watching
HEAD    /{stream}/{session}/captions/{name}                                watching
GET     /hls/{stream}/{session}/captions/{name}                            watching
HEAD    /hls/{stream}/{session}/captions/{name}                            watching
GET     /dash/{stream}/{session}/captions/{name}                           watching
HEAD    /dash/{stream}/{session}/captions/{name}                           watching
GET     /~{personal}/{stream}/{session}/captions/{name}                    watching
HEAD    /~{personal}/{stream}/{session}/captions/{name}                    watching
GET     /~{personal}/hls/{stream}/{session}/captions/{name}                watching
HEAD    /~{personal}/hls/{stream}/{session}/captions/{name}                watching
GET     /~{personal}/dash/{stream}/{session}/captions/{name}               watching
HEAD    /~{personal}/dash/{stream}/{session}/captions/{name}               watching
HEAD    /{stream}/{view}/clip.mp4                                          watching
GET     /{stream}/{view}/clip.mp4                                          watching
GET     /~{personal}/{stream}/{view}/clip.mp4                              watching
HEAD    /~{personal}/{stream}/{view}/clip.mp4                              watching
HEAD    /{stream}/{view}/storyboard.vtt                                    watching
GET     /{stream}/{view}/storyboard.vtt                                    watching
GET     /~{personal}/{stream}/{view}/storyboard.vtt                        watching
HEAD    /~{personal}/{stream}/{view}/storyboard.vtt                        watching
HEAD    /{stream}/{view}/storyboard-{number}.jpg                           watching
GET     /{stream}/{view}/storyboard-{number}.jpg                           watching
GET     /~{personal}/{stream}/{view}/storyboard-{number}.jpg               watching
HEAD    /~{personal}/{stream}/{view}/storyboard-{number}.jpg               watching
HEAD    /{stream}/mp4/{year}/{month}/{day}/vod-index.m3u8                  watching
GET     /{stream}/mp4/{year}/{month}/{day}/vod-index.m3u8                  watching
GET     /~{personal}/{stream}/mp4/{year}/{month}/{day}/vod-index.m3u8      watching
HEAD    /~{personal}/{stream}/mp4/{year}/{month}/{day}/vod-index.m3u8      watching
HEAD    /{stream}/mp4/{year}/{month}/{day}/{name}                          watching
GET     /{stream}/mp4/{year}/{month}/{day}/{name}                          watching
GET     /~{personal}/{stream}/mp4/{year}/{month}/{day}/{name}              watching
HEAD    /~{personal}/{stream}/mp4/{year}/{month}/{day}/{name}              watching
HEAD    /{stream}/motion/{kind}/{year}/{month}/{day}/{name}                watching
GET     /{stream}/motion/{kind}/{year}/{month}/{day}/{name}                watching
GET     /~{personal}/{stream}/motion/{kind}/{year}/{month}/{day}/{name}    watching
HEAD    /~{personal}/{stream}/motion/{kind}/{year}/{month}/{day}/{name}    watching
HEAD    /{stream}/images/{year}/{month}/{day}/{name}                       watching
GET     /{stream}/images/{year}/{month}/{day}/{name}                       watching
GET     /~{personal}/{stream}/images/{year}/{month}/{day}/{name}           watching
HEAD    /~{personal}/{stream}/images/{year}/{month}/{day}/{name}           watching
GET     /watch/{stream}.json                                               viewer
HEAD    /watch/{stream}.json                                               viewer
GET     /watch/{stream}/events                                             viewer
GET     /watch/{stream}/poster.jpg                                         viewer
HEAD    /watch/{stream}/poster.jpg                                         viewer
GET     /~{personal}/watch/{stream}.json                                   viewer
HEAD    /~{personal}/watch/{stream}.json                                   viewer
GET     /~{personal}/watch/{stream}/events                                 viewer
GET     /~{personal}/watch/{stream}/poster.jpg                             viewer
HEAD    /~{personal}/watch/{stream}/poster.jpg                             viewer
GET     /watch/{stream}                                                    anybody
HEAD    /watch/{stream}                                                    anybody
GET     /watch/{stream}/{session}                                          anybody
HEAD    /watch/{stream}/{session}                                          anybody
GET     /embed/{stream}                                                    anybody
HEAD    /embed/{stream}                                                    anybody
GET     /embed/{stream}/{session}                                          anybody
HEAD    /embed/{stream}/{session}                                          anybody
GET     /~{personal}/watch/{stream}                                        anybody
HEAD    /~{personal}/watch/{stream}                                        anybody
GET     /~{personal}/watch/{stream}/{session}                              anybody
HEAD    /~{personal}/watch/{stream}/{session}                              anybody
GET     /~{personal}/embed/{stream}                                        anybody
HEAD    /~{personal}/embed/{stream}                                        anybody
GET     /~{personal}/embed/{stream}/{session}                              anybody
HEAD    /~{personal}/embed/{stream}/{session}                              anybody
GET     /oembed                                                            anybody
GET     /overlay/{stream}                                                  anybody
HEAD    /overlay/{stream}                                                  anybody
GET     /~{personal}/overlay/{stream}                                      anybody
HEAD    /~{personal}/overlay/{stream}                                      anybody
GET     /watch/{stream}/chat                                               watching
GET     /~{personal}/watch/{stream}/chat                                   watching
GET     /watch/{stream}/chat/{minute}.json                                 watching
HEAD    /watch/{stream}/chat/{minute}.json                                 watching
GET     /~{personal}/watch/{stream}/chat/{minute}.json                     watching
HEAD    /~{personal}/watch/{stream}/chat/{minute}.json                     watching
GET     /                                                                  anybody
HEAD    /                                                                  anybody
GET     /{stream}/{page}.html                                              anybody
HEAD    /{stream}/{page}.html                                              anybody
GET     /~{personal}/{stream}/{page}.html                                  anybody
HEAD    /~{personal}/{stream}/{page}.html                                  anybody
"""

NAMES = {
    "stream_id": "cam-1",
    "stream": "shut",
    "session": "69573000-0a0b0c0d",
    "session_id": "0" * 16,
    "viewer": "v" * 22,
    "target_id": "t1",
    "hold_id": "hold-0000000000000000",
    "message_id": "1767323000000",
    "ban_id": "0" * 36,
    "minute": "29455383",
    "clip_id": "hold-0000000000000001",
    "image": "0" * 64,
    "job": "remux-1",
    "upload_id": "upload-0000000000000000",
    "asset_id": "asset-0000000000000000",
    "caption": "caption-0000000000000000",
    "captions/name": "caption-0000000000000000.vtt",
    "user_id": "user-0000000000000000",
    "key_id": "000000000000",
    "webhook_id": "webhook-0000000000000000",
    "delivery_id": "1",
    "replay_id": "replay-0000000000000000",
    "key:path": "cam-1/mp4/2026/01/02/a.mp4",
    "name:path": "nothing.js",
    "view": "69573000-0a0b0c0d",
    "personal": "nonsense",
    "number": "0",
    "tenant_id": "acme",
    "domain_id": "domain-0000000000000000",
    "device": "camera-1",
    "year": "2026",
    "month": "01",
    "day": "02",
    "name": "a.mp4",
    "kind": "mp4",
    "page": "index",
}
OF_ROLES = {
    role: {line.split()[0] for line in MAY.split("\n") if role in line.split()} for role in Role
}


@dataclass(frozen=True)
class Line:
    method: str
    path: str
    needs: str

    @property
    def url(self) -> str:
        return self.url_of({})

    def url_of(self, names: dict[str, str]) -> str:
        """With `names` in place of those of `NAMES`."""
        path = self.path.replace("captions/{name}", "captions/{captions/name}")
        return re.sub(r"\{([^}]+)\}", lambda name: (NAMES | names)[name[1]], path)

    @property
    def is_of_one_stream(self) -> bool:
        return "{stream_id}" in self.path


def lines() -> list[Line]:
    return [Line(*re.split(r"\s+", line, maxsplit=2)) for line in ROUTES.strip().split("\n")]
