import pytest

from libs.errors import Conflict, NotFound, TooMany, Unauthorized, Unavailable, WeirError
from libs.rtmp import RTMPRefused
from services.ingest.errors import refusal_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unauthorized("no"), "NetStream.publish.Unauthorized"),
        (NotFound("no"), "NetStream.Publish.BadName"),
        (Conflict("no"), "NetStream.Publish.BadName"),
        (Unavailable("no"), "NetStream.Publish.Failed"),
        (TooMany("no"), "NetStream.Publish.Failed"),
        (RTMPRefused("NetStream.Play.Failed", "no"), "NetStream.Play.Failed"),
    ],
)
def test_each_error_has_its_status(error: WeirError, status: str) -> None:
    assert refusal_of(error).rtmp_status == status
