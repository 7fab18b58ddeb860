"""Why an RTMP connection is refused or closed."""

from libs.errors import BadRequest, Blame, Forbidden, Invalid, Unavailable


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


class RTMPURLInvalid(Invalid):
    code = "rtmp_url_invalid"


class CertificateInvalid(Invalid):
    code = "certificate_invalid"


class RTMPUnreachable(Unavailable):
    """The server to which we push is not there, or has gone."""

    code = "rtmp_unreachable"
    blame = Blame.DESTINATION
