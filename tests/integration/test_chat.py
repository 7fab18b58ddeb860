"""Chat on a running Weir: one room over two gateways, moderated, and shown again."""

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

import httpx2
import pytest

from services.gateway.chat.speaking import AUTHOR_EVERY_S
from tests.chat_crowd import Found, Plan
from tests.chatting import Chatter
from tests.running import RunningWeir
from tests.second_gateway import TwoGateways
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.integration


async def chat_of(two: TwoGateways, stream: str, **settings: Any) -> tuple[str, str]:
    """The chat's URLs on both gateways, opened."""
    two.weir.call("POST", "/api/v1/streams", {"id": stream})
    two.weir.call("PATCH", f"/api/v1/streams/{stream}/chat", {"is_open": True} | settings)
    await until(lambda: is_up(two.urls[1]), what="the second gateway")
    first, second = (f"{url}/watch/{stream}/chat" for url in two.urls)
    return first, second


def is_up(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthcheck").is_success
    except httpx2.TransportError:
        return False


def said_in(two: TwoGateways, stream: str, at_ms: int) -> list[str]:
    """What is shown again of the minute of an instant, by the second gateway."""
    answer = httpx2.get(f"{two.urls[1]}/watch/{stream}/chat/{at_ms // 60_000}.json")
    assert answer.status_code == 200, answer.text
    return [message["text"] for message in answer.json()["messages"]]


async def test_one_room_over_two_gateways(two_gateways: TwoGateways) -> None:
    first, second = await chat_of(two_gateways, "room")
    async with Chatter.open(first) as ann, Chatter.open(second) as ben:
        await ann.join("Ann")
        await ben.join("Ben")
        for number in range(3):
            await ann.say(f"a{number}", key=f"a{number}")
            await ben.say(f"b{number}", key=f"b{number}")
        await until(lambda: len(ann.shown) == len(ben.shown) == 6)
        assert list(ann.shown.values()) == list(ben.shown.values())
        async with Chatter.open(second) as late:
            await late.join()
            await until(lambda: late.shown == ann.shown)


async def test_slow_mode_is_one_for_all_gateways(two_gateways: TwoGateways) -> None:
    first, second = await chat_of(two_gateways, "slow", slow_s=60)
    async with Chatter.open(first) as ann, Chatter.open(second) as again:
        shown = (await ann.join("Ann"))["pass"]
        assert ann.welcome["slow_s"] == 60
        await again.join("Ann", **{"pass": shown})
        assert again.welcome["author"] == ann.welcome["author"]
        assert (await ann.say("one"))["type"] == "said"
        refusal = await again.say("two", key="2")
        assert refusal["code"] == "chat_slow_mode"
        assert 0 < refusal["retry_after_s"] <= 60
        two_gateways.weir.call("PATCH", "/api/v1/streams/slow/chat", {"slow_s": 0})
        await again.hear(lambda word: word["type"] == "settings" and word["slow_s"] == 0)
        assert (await again.say("three", key="3"))["type"] == "said"


async def test_what_a_moderator_removes_goes_everywhere(two_gateways: TwoGateways) -> None:
    first, second = await chat_of(two_gateways, "moderated")
    weir = two_gateways.weir
    async with Chatter.open(first) as ann, Chatter.open(second) as ben:
        await ann.join("Ann")
        await ben.join("Ben")
        gone, kept = await ann.say("spam", key="1"), await ann.say("sorry", key="2")
        await until(lambda: len(ben.shown) == 2)
        at_ms = ben.shown[kept["id"]]["at"]
        weir.call("DELETE", f"/api/v1/streams/moderated/chat/messages/{gone['id']}")
        await until(lambda: ann.texts == ben.texts == ["sorry"])
        await until(lambda: said_in(two_gateways, "moderated", at_ms)[-1:] == ["sorry"])
        assert "spam" not in said_in(two_gateways, "moderated", at_ms)


async def test_who_is_banned_is_banned_at_every_gateway(two_gateways: TwoGateways) -> None:
    first, second = await chat_of(two_gateways, "banned")
    weir = two_gateways.weir
    # Guests of other networks, as the house is told by a proxy that it trusts.
    from_ann = {"x-forwarded-for": "192.0.2.1"}
    from_ben = {"x-forwarded-for": "192.0.2.2"}
    async with (
        Chatter.open(first, additional_headers=from_ann) as ann,
        Chatter.open(second, additional_headers=from_ben) as ben,
    ):
        await ann.join("Ann")
        await ben.join("Ben")
        spam = await ann.say("spam")
        await ben.say("Hello")
        await until(lambda: len(ann.shown) == len(ben.shown) == 2)
        ban: dict[str, Any] = {}

        def is_banned() -> bool:
            """The catalog may not have the message yet."""
            body = {"message": spam["id"], "reason": "spam"}
            answer = httpx2.post(
                f"{weir.http_url}/api/v1/streams/banned/chat/bans",
                json=body,
                headers={"x-api-key": weir.credentials["api_key"]},
            )
            ban.update(answer.json())
            return bool(answer.status_code == 201)

        await until(is_banned, what=f"a ban, {ban}")
        assert ban["is_of_network"]
        await until(lambda: ann.texts == ben.texts == ["Hello"])
        assert (await ann.say("more", key="2"))["code"] == "chat_banned"
        async with Chatter.open(second, additional_headers=from_ann) as anew:
            await anew.join("Somebody else")
            assert (await anew.say("again"))["code"] == "chat_banned"
        (listed,) = weir.call("GET", "/api/v1/streams/banned/chat/bans")["bans"]
        assert (listed["name"], listed["reason"]) == ("Ann", "spam")
        weir.call("DELETE", f"/api/v1/streams/banned/chat/bans/{ban['id']}")

        answer = await ann.say("sorry", key="s")
        async with asyncio.timeout(PATIENCE_S):
            while answer["type"] == "refused":  # until its gateway has heard, as fast as it may
                await asyncio.sleep(answer["retry_after_s"] or AUTHOR_EVERY_S)
                answer = await ann.say("sorry", key=f"s{len(ann.heard)}")
        await until(lambda: ben.texts == ["Hello", "sorry"])


async def test_what_was_said_is_shown_again_with_its_time(two_gateways: TwoGateways) -> None:
    first, _ = await chat_of(two_gateways, "replayed")
    async with Chatter.open(first) as ann:
        await ann.join("Ann")
        before_ms = int(time.time() * 1000)
        answer = await ann.say("Goal!")
        after_ms = int(time.time() * 1000)
        await until(lambda: ann.shown)
        at_ms = ann.shown[answer["id"]]["at"]
        # The log's clock is this machine's; it says milliseconds.
        assert before_ms - 1 <= at_ms <= after_ms + 1
    await until(lambda: said_in(two_gateways, "replayed", at_ms) == ["Goal!"])
    assert said_in(two_gateways, "replayed", at_ms - 60_000) == []


async def test_a_gateway_that_was_killed_shows_all_that_was_said(
    two_gateways: TwoGateways,
) -> None:
    first, second = await chat_of(two_gateways, "killed")
    async with Chatter.open(first) as ann:
        await ann.join("Ann")
        async with Chatter.open(second) as ben:
            await ben.join("Ben")
            last = (await ann.say("one"))["id"]
            await until(lambda: ben.texts == ["one"])
            two_gateways.kill_second()
            await until(lambda: ben.close_code is not None)
        await ann.say("two", key="2")
        two_gateways.start_second()
        await until(lambda: is_up(two_gateways.urls[1]), what="the second gateway")
        async with Chatter.open(second) as ben:
            await ben.join("Ben", after=last)
            await until(lambda: ben.texts[-1:] == ["two"])


async def test_chat_of_another_tenants_stream_is_its_viewers_and_its_moderators(
    two_gateways: TwoGateways,
) -> None:
    weir = two_gateways.weir
    made = weir.call("POST", "/api/v1/tenants", {"id": "acme", "owner": "ann"})
    login = {"user": made["owner"], "password": made["password"]}
    with httpx2.Client(base_url=weir.http_url, headers={"origin": weir.http_url}) as acme:
        acme.post("/api/v1/login", json=login).raise_for_status()
        acme.post("/api/v1/streams", json={"id": "theirs"}).raise_for_status()
        acme.patch("/api/v1/streams/theirs/chat", json={"is_open": True}).raise_for_status()
        await until(lambda: is_up(two_gateways.urls[1]), what="the second gateway")
        first, second = (f"{url}/watch/theirs/chat" for url in two_gateways.urls)
        ours = {"x-api-key": weir.credentials["api_key"]}
        async with (
            Chatter.open(first) as viewer,
            Chatter.open(second, additional_headers=ours) as stranger,
        ):
            await viewer.join("Viewer")
            assert not (await stranger.join("Moderator elsewhere"))["can_moderate"]
            kept, gone = await viewer.say("Hello"), await viewer.say("spam", key="2")
            await until(lambda: stranger.texts == ["Hello", "spam"])
            at_ms = stranger.shown[kept["id"]]["at"]
            await until(lambda: "Hello" in said_in(two_gateways, "theirs", at_ms))
            message = "/api/v1/streams/theirs/chat/messages/{}"
            bans = "/api/v1/streams/theirs/chat/bans"
            with httpx2.Client(base_url=weir.http_url, headers=ours) as other:
                refused = [
                    other.patch("/api/v1/streams/theirs/chat", json={"is_open": False}),
                    other.delete(message.format(kept["id"])),
                    other.post(bans, json={"message": kept["id"]}),
                ]
            assert [each.status_code for each in refused] == [404, 404, 404]
            assert acme.delete(message.format(gone["id"])).status_code == 204
            await until(lambda: viewer.texts == stranger.texts == ["Hello"])


def crowd_of(url: str, **plan: Any) -> Found:
    wanted = json.dumps(asdict(Plan(url, **plan)))
    command = [sys.executable, "-m", "tests.chat_crowd", wanted]
    done = subprocess.run(command, check=True, capture_output=True, timeout=240)
    return Found(**json.loads(done.stdout))


def open_crowded(weir: RunningWeir, stream: str) -> str:
    weir.call("POST", "/api/v1/streams", {"id": stream})
    weir.call("PATCH", f"/api/v1/streams/{stream}/chat", {"is_open": True})
    return f"{weir.http_url}/watch/{stream}/chat"


def test_a_crowd_hears_all_that_is_said(two_gateways: TwoGateways) -> None:
    """How fast is not asked here: other tests run beside."""
    url = open_crowded(two_gateways.weir, "crowd")
    found = crowd_of(url, readers=200, stalled=2, seconds=6)
    assert (found.joined, found.lost, found.refused) == (200, 0, 0)
    assert found.heard == found.wanted > 0


@pytest.mark.soak
def test_two_thousand_hear_each_other_within_a_fifth_of_a_second(
    two_gateways: TwoGateways,
) -> None:
    weir = two_gateways.weir
    # What is loaded once is loaded; the throng itself comes to a chat without a history.
    crowd_of(open_crowded(weir, "handful"), readers=50, seconds=4)
    url = open_crowded(weir, "throng")
    before = weir.memory_bytes("gateway")
    found = crowd_of(url, readers=2000, stalled=20, seconds=30)
    assert (found.joined, found.lost, found.refused) == (2000, 0, 0)
    assert found.heard == found.wanted > 0
    assert found.waits_ms["p99"] <= 200, found
    # 64 KiB in the transport and 32 in the kernel are the most that any can cost; few have any.
    assert weir.memory_bytes("gateway") - before < 100 * 2**20, found
