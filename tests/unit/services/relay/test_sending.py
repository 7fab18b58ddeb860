"""One attempt: what is sent, and how its answer is judged."""

import json

import pytest
from standardwebhooks import Webhook

from libs.egress import Answered, FetchFailed
from libs.events import DueDelivery
from libs.signing import new_webhook_secret
from services.relay.sending import send

SECRET = new_webhook_secret()
DUE = DueDelivery(
    delivery=7, attempt=2, webhook="webhook-1", url="http://hooks.example/", secrets=(SECRET,),
    event="evt_1", sequence=42, type="stream.changed", body='{"type":"stream.changed"}',
)  # fmt: skip


class Web:
    """Stands for the poster."""

    def __init__(self, answer: Answered | Exception) -> None:
        self.answer = answer
        self.headers: dict[str, str] = {}
        self.body = b""

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answered:
        assert url == DUE.url
        self.body, self.headers = body, headers
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def sent(web: Web) -> dict[str, object]:
    report = await send(web, DUE)  # type: ignore[arg-type]
    return report.model_dump()


async def test_what_is_sent_verifies_and_says_its_place_in_the_log() -> None:
    web = Web(Answered(204, b"", ""))
    report = await sent(web)
    assert Webhook(SECRET).verify(web.body, web.headers) == json.loads(DUE.body)
    assert (web.headers["webhook-id"], web.headers["weir-sequence"]) == ("evt_1", "42")
    assert (report["delivery"], report["attempt"], report["error_code"]) == (7, 2, None)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, None), (204, None), (299, None), (301, "redirected"), (307, "redirected"),
        (400, "answered_with_error"), (410, "answered_with_error"), (500, "answered_with_error"),
    ],
)  # fmt: skip
async def test_only_2xx_is_taken(status: int, code: str | None) -> None:
    report = await sent(Web(Answered(status, b"", "")))
    assert (report["status"], report["error_code"]) == (status, code)


async def test_no_answer_is_reported_with_its_reason() -> None:
    report = await sent(Web(FetchFailed("There was no answer.")))
    assert (report["status"], report["error_code"]) == (None, "fetch_failed")
    assert report["error"] == "There was no answer."


async def test_answer_is_kept_as_a_bounded_text() -> None:
    report = await sent(Web(Answered(500, "ä".encode() * 5000 + b"\xff", "")))
    assert report["answer"] == "ä" * 1024
    report = await sent(Web(Answered(500, b"\xff\x00<b>", "")))
    assert report["answer"] == "\ufffd\x00<b>"


@pytest.mark.parametrize(
    ("said", "pause_s"),
    [
        ("", None), ("120", 120.0), ("-1", None), ("1e9", None), ("٣", None), ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("Wed, 21 Oct 2015 07:28:00", None),
        ("99999999999", None),
    ],
)  # fmt: skip
async def test_retry_after_is_seconds_or_a_date(said: str, pause_s: float | None) -> None:
    report = await sent(Web(Answered(429, b"", said)))
    assert report["retry_after_s"] == pause_s
