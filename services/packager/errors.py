"""What can go wrong in the packager, beside what its way to ingest says (`libs.tags.errors`).

WeirError
├── BadRequest    ReloadWrong         a blocking request asks what is absurd
├── Invalid       GOPTooLong          the publisher sends keyframes too far apart; it is cut anyway
├── NotFound      MediaUnknown        the session has no such segment or init segment
│                 PartPassedOver      it ended its segment without that part, or lacked media for it
└── Unavailable   MediaNotYet         about to exist; ask again
"""

from libs.errors import BadRequest, Invalid, NotFound, Unavailable


class ReloadWrong(BadRequest):
    code = "reload_wrong"


class GOPTooLong(Invalid):
    code = "gop_too_long"


class MediaUnknown(NotFound):
    code = "media_unknown"


class PartPassedOver(NotFound):
    """Hinted at, but the publisher did otherwise; it will never exist (RFC 8216bis, 6.2.6)."""

    code = "part_passed_over"
    status = 410


class MediaNotYet(Unavailable):
    code = "media_not_yet"
