"""What can go wrong in the packager, beside what its way to ingest (`libs.tags.errors`) and its
cutter (`libs.cutting.errors`) say.

WeirError
├── BadRequest    ReloadWrong         a blocking request asks what is absurd
├── NotFound      MediaUnknown        the session has no such segment or init segment
│                 PartPassedOver      it ended its segment without that part, or lacked media for it
└── Unavailable   MediaNotYet         about to exist; ask again
"""

from libs.errors import BadRequest, NotFound, Unavailable


class ReloadWrong(BadRequest):
    code = "reload_wrong"


class MediaUnknown(NotFound):
    code = "media_unknown"


class PartPassedOver(NotFound):
    """Hinted at, but the publisher did otherwise; it will never exist (RFC 8216bis, 6.2.6)."""

    code = "part_passed_over"
    status = 410


class MediaNotYet(Unavailable):
    code = "media_not_yet"
