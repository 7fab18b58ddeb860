"""Why ingest refuses, with the RTMP status of each reason."""

from libs.errors import Conflict, NotFound, Unavailable
from libs.rtmp import RTMPRefused


class SessionUnknown(NotFound):
    code = "session_unknown"


class CatalogAway(Unavailable):
    code = "catalog_away"


class StreamBusy(Conflict):
    code = "stream_busy"


def unauthorized() -> RTMPRefused:
    """The status that the replaced system's encoders know, small p and all."""
    return RTMPRefused("NetStream.publish.Unauthorized", "Authorization required.")


def bad_name(description: str) -> RTMPRefused:
    return RTMPRefused("NetStream.Publish.BadName", description)
