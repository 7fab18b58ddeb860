import pytest

from libs.bus import RemoteError
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


@pytest.mark.parametrize("code", ["quota_busy", "storage_full", "tenant_disabled"])
def test_what_a_tenant_may_not_has_a_status_of_its_own(code: str) -> None:
    answer = RemoteError(code=code, status=429, detail="no", blame="caller", retry=False)
    assert refusal_of(answer).rtmp_status == "NetStream.Publish.Denied"
