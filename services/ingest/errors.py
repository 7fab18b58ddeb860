"""Why ingest refuses, with the RTMP status of each reason."""

from libs.errors import Conflict, NotFound, Unauthorized, Unavailable, WeirError
from libs.rtmp import RTMPRefused


class SessionUnknown(NotFound):
    code = "session_unknown"


class StreamBusy(Conflict):
    code = "stream_busy"


class CatalogAway(Unavailable):
    code = "catalog_away"


class SessionOver(Unavailable):
    code = "session_over"


class ShuttingDown(Unavailable):
    code = "shutting_down"


def refusal_of(error: WeirError) -> RTMPRefused:
    """The status by which an encoder learns that it may not publish."""
    if isinstance(error, RTMPRefused):
        return error
    if isinstance(error, Unauthorized):
        # The status that the replaced system's encoders know, small p and all.
        return RTMPRefused("NetStream.publish.Unauthorized", "Authorization required.")
    if error.retry:
        return RTMPRefused("NetStream.Publish.Failed", str(error))
    return RTMPRefused("NetStream.Publish.BadName", str(error))
