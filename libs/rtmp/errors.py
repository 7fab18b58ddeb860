"""Why an RTMP connection is refused or closed."""

from libs.errors import BadRequest, Forbidden


class RTMPViolation(BadRequest):
    """The peer broke the protocol or one of our limits; the connection is closed."""

    code = "rtmp_violation"


class RTMPRefused(Forbidden):
    """A publish or play that gets a status of its own before the connection is closed."""

    code = "rtmp_refused"

    def __init__(self, status: str, description: str) -> None:
        super().__init__(description)
        self.rtmp_status = status
        """The `code` of onStatus, for example `NetStream.Publish.BadName`."""
