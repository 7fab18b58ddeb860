"""What can go wrong in the relay.

WeirError
└── Unavailable   PushFailed      a push broke or could not begin; its `cause` says how
"""

from libs.errors import Blame, Unavailable


class PushFailed(Unavailable):
    code = "push_failed"
    blame = Blame.DESTINATION

    def __init__(self, cause: str, detail: str) -> None:
        super().__init__(detail)
        self.cause = cause
        """`refused`, `loop`, `unreachable`, `vanished`, `stalled`, `unresolved`,
        `egress_refused`, `srt_unavailable`, `ingest_away`."""
