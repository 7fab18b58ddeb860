"""Why ingest refuses, with the RTMP status of each reason."""

from libs.errors import (
    Conflict,
    Invalid,
    NotFound,
    TooMany,
    Unauthorized,
    Unavailable,
    WeirError,
)
from libs.rtmp import LOOP_STATUS, RTMPRefused


class SessionUnknown(NotFound):
    code = "session_unknown"


class SessionHasEnded(Conflict):
    code = "session_ended"


class RungUnknown(NotFound):
    code = "rung_unknown"


class RungsTooMany(TooMany):
    code = "rungs_too_many"
    retry = False


class RungAhead(Invalid):
    """Frames of a rung are not in session time."""

    code = "rung_ahead"


class StreamBusy(Conflict):
    code = "stream_busy"


class RelayLoop(Conflict):
    """A relay of this very Weir: the stream would go round and round."""

    code = "relay_loop"


class CatalogAway(Unavailable):
    code = "catalog_away"


class SessionOver(Unavailable):
    code = "session_over"


class ShuttingDown(Unavailable):
    code = "shutting_down"


_OF_TENANTS = frozenset({"quota_busy", "storage_full", "tenant_disabled"})
"""What the catalog refuses a tenant for, whatever the stream is called."""


def refusal_of(error: WeirError) -> RTMPRefused:
    """The status by which an encoder learns that it may not publish."""
    if isinstance(error, RTMPRefused):
        return error
    if isinstance(error, Unauthorized):
        # The status that the replaced system's encoders know, small p and all.
        return RTMPRefused("NetStream.publish.Unauthorized", "Authorization required.")
    if isinstance(error, RelayLoop):
        return RTMPRefused(LOOP_STATUS, str(error))
    if error.code in _OF_TENANTS:
        return RTMPRefused("NetStream.Publish.Denied", str(error))
    if error.retry:
        return RTMPRefused("NetStream.Publish.Failed", str(error))
    return RTMPRefused("NetStream.Publish.BadName", str(error))
