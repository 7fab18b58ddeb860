"""Why a session's rungs, or a viewer's segment, are not made.

WeirError
├── Unavailable
│   ├── TakeFailed        one process did not do; another is tried after a pause. `cause` says why
│   ├── NoRoomToBurn      all cores are taken; another worker may have one
│   └── BurnFailed        ffmpeg did not burn a viewer's mark into a segment
└── Invalid
    ├── SourceUnsupported the source's codec cannot be decoded here
    ├── MarkOffFrame      nothing of a mark would be on the picture, or a clock has no room
    └── BurnRefused       what is to be burned is none of our segments, or too large
"""

from libs.errors import Invalid, Unavailable


class TakeFailed(Unavailable):
    code = "take_failed"

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        """`ffmpeg_failed`, `stalled`, `too_slow`, `ingest_away`, `tags_lost`,
        `marks_unavailable`."""


class SourceUnsupported(Invalid):
    code = "codec_unsupported"


class MarkOffFrame(Invalid):
    code = "mark_off_frame"


class NoRoomToBurn(Unavailable):
    code = "no_room_to_burn"


class BurnFailed(Unavailable):
    code = "burn_failed"


class BurnRefused(Invalid):
    code = "burn_refused"
