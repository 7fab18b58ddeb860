"""The life of publishes and sessions."""

import asyncio

import pytest

from libs.bus import AskTimedOut, BusUnavailable
from libs.errors import NotFound
from libs.events import PlayerAdmitted, SessionEnded, StreamPublished, StreamUnpublished
from libs.rtmp import LOOP_STATUS, RTMPRefused
from libs.signing import installation_mark
from services.ingest.errors import SessionUnknown
from services.ingest.hub import Hub
from services.ingest.publish import Publish
from tests.unit.services.ingest.hubs import PlayerRefused, SmallCatalog, make_hub, request
from tests.unit.services.ingest.shelves import checkpoint, frame, keyframe, video_header
from tests.waiting import until

OWN = installation_mark("")


@pytest.fixture
def catalog() -> SmallCatalog:
    return SmallCatalog()


@pytest.fixture
def hub(catalog: SmallCatalog) -> Hub:
    return make_hub(catalog)


def names(catalog: SmallCatalog) -> list[str]:
    return [message.name for message in catalog.said]


def send(publish: Publish, *, start: int = 0, frames: int = 3) -> None:
    publish.accept(video_header())
    publish.accept(keyframe(start))
    for n in range(1, frames):
        publish.accept(frame(start + n * 40))


async def test_publish_is_said_with_its_first_frame(hub: Hub, catalog: SmallCatalog) -> None:
    publish = await hub.publish(request())
    publish.accept(video_header())
    assert catalog.said == []
    publish.accept(keyframe(0))
    publish.accept(frame(40))
    (fact,) = catalog.said
    assert isinstance(fact, StreamPublished)
    assert (fact.stream, fact.generation, fact.origin_url) == ("cam", 1, "http://ingest:1")
    assert fact.session == publish.session.id
    assert hub.open_sessions() == [(publish.session, True)]


@pytest.mark.parametrize(
    ("installations", "why"),
    [
        ((OWN,), "this very Weir"),
        (("other", OWN), "circle"),
        (("a", "b", "c", OWN, "d"), "circle"),
        (tuple("abcdefghijklmnopq"), "more than 16"),
    ],
)
async def test_relay_that_goes_round_is_refused_before_anybody_is_cut_off(
    hub: Hub, installations: tuple[str, ...], why: str
) -> None:
    publish = await hub.publish(request())
    with pytest.raises(RTMPRefused, match=why) as refusal:
        await hub.publish(request(installations=installations))
    assert refusal.value.rtmp_status == LOOP_STATUS
    assert not publish.is_over


async def test_session_knows_which_weirs_its_newest_publish_came_through(hub: Hub) -> None:
    first = await hub.publish(request(installations=("b", "c")))
    assert first.session.via == ("b", "c")
    second = await hub.publish(request())
    assert second.session is first.session
    assert second.session.via == ()


async def test_ask_tells_who_and_what_is_held(hub: Hub, catalog: SmallCatalog) -> None:
    publish = await hub.publish(request())
    await hub.publish(request())
    first, second = catalog.asks
    assert (first.stream, first.ingest, first.held_session) == ("cam", "ingest-1", None)
    assert (first.origin_url, first.remote_address) == ("http://ingest:1", "127.0.0.1")
    assert second.held_session == publish.session.id


async def test_session_ends_after_its_reconnect_window(hub: Hub, catalog: SmallCatalog) -> None:
    catalog.reconnect_window_s = 0.02
    publish = await hub.publish(request())
    send(publish)
    await publish.close("connection_lost")
    assert hub.open_sessions() == [(publish.session, False)]
    await until(lambda: not hub.open_sessions())
    assert names(catalog) == ["stream.published", "stream.unpublished", "session.ended"]
    unpublished, ended = catalog.said[1:]
    assert isinstance(unpublished, StreamUnpublished)
    assert isinstance(ended, SessionEnded)
    assert (unpublished.cause, ended.cause) == ("connection_lost", "connection_lost")
    assert ended.last_tag == publish.session.next_tag - 1 == 5
    assert publish.session.is_ended


async def test_publisher_that_comes_back_in_time_goes_on(hub: Hub, catalog: SmallCatalog) -> None:
    catalog.reconnect_window_s = 0.05
    first = await hub.publish(request())
    send(first)
    await first.close("connection_lost")
    second = await hub.publish(request())
    assert second.session is first.session
    send(second)
    await asyncio.sleep(0.1)
    assert hub.open_sessions() == [(first.session, True)]
    assert names(catalog) == ["stream.published", "stream.unpublished", "stream.published"]
    assert (first.generation, second.generation) == (1, 2)
    assert first.session.discontinuities == 1


async def test_session_does_not_end_while_the_catalog_is_asked(
    hub: Hub, catalog: SmallCatalog
) -> None:
    catalog.reconnect_window_s = 0.02
    first = await hub.publish(request())
    send(first)
    await first.close("connection_lost")
    catalog.gate.clear()
    opening = asyncio.create_task(hub.publish(request()))
    await until(lambda: len(catalog.asks) == 2)
    await asyncio.sleep(0.05)
    catalog.gate.set()
    assert (await opening).session is first.session


async def test_refused_reconnect_leaves_the_session_to_its_window(
    hub: Hub, catalog: SmallCatalog
) -> None:
    catalog.reconnect_window_s = 0.02
    first = await hub.publish(request())
    send(first)
    await first.close("connection_lost")
    catalog.errors = [NotFound("gone")]
    with pytest.raises(RTMPRefused):
        await hub.publish(request())
    await until(lambda: not hub.open_sessions())


async def test_takeover_fences_the_older_publish(hub: Hub, catalog: SmallCatalog) -> None:
    catalog.reconnect_window_s = 0.02
    old = await hub.publish(request())
    send(old)
    new = await hub.publish(request())
    assert await old.revoked == "taken_over"
    count = new.session.next_tag
    old.accept(frame(120))
    assert new.session.next_tag == count
    send(new)
    await old.close("taken_over")
    await asyncio.sleep(0.05)
    assert hub.open_sessions() == [(new.session, True)]
    assert names(catalog) == ["stream.published", "stream.unpublished", "stream.published"]
    unpublished = catalog.said[1]
    assert isinstance(unpublished, StreamUnpublished)
    assert (unpublished.generation, unpublished.cause) == (1, "taken_over")


async def test_policy_reject_leaves_the_older_publish_alone(
    hub: Hub, catalog: SmallCatalog
) -> None:
    catalog.policy = "reject"
    old = await hub.publish(request())
    send(old)
    catalog.joins = False
    with pytest.raises(RTMPRefused) as refused:
        await hub.publish(request())
    assert refused.value.rtmp_status == "NetStream.Publish.BadName"
    assert not old.revoked.done()
    old.accept(frame(120))
    assert names(catalog) == ["stream.published"]
    await old.close("publisher_ended")
    await hub.publish(request())


async def test_two_publishers_at_once_have_one_after_the_other(
    hub: Hub, catalog: SmallCatalog
) -> None:
    publishes = await asyncio.gather(*(hub.publish(request()) for _ in range(4)))
    assert [publish.generation for publish in publishes] == [1, 2, 3, 4]
    assert [publish.is_over for publish in publishes] == [True, True, True, False]
    assert len({publish.session.id for publish in publishes}) == 1


async def test_grant_of_a_new_session_ends_the_held_one(hub: Hub, catalog: SmallCatalog) -> None:
    old = await hub.publish(request())
    send(old)
    catalog.joins = False
    new = await hub.publish(request())
    assert new.session is not old.session
    assert old.session.is_ended
    assert hub.session(old.session.id) is old.session, "its readers still need it"
    assert names(catalog)[-1] == "session.ended"


async def test_session_that_was_ended_elsewhere_cuts_its_publisher_off(
    hub: Hub, catalog: SmallCatalog
) -> None:
    publish = await hub.publish(request())
    send(publish)
    hub.on_ended_elsewhere("65536fff-00000009")
    assert not publish.is_over
    hub.on_ended_elsewhere(publish.session.id, "kicked")
    assert await publish.revoked == "kicked"
    assert publish.session.is_ended
    hub.on_ended_elsewhere(publish.session.id, "kicked")
    assert names(catalog).count("session.ended") == 1


async def test_grant_of_a_session_that_has_just_ended_is_refused(
    hub: Hub, catalog: SmallCatalog
) -> None:
    """Its numbers must not be given out a second time."""
    old = await hub.publish(request())
    send(old)
    catalog.gate.clear()
    opening = asyncio.create_task(hub.publish(request()))
    await until(lambda: len(catalog.asks) == 2)
    hub.on_ended_elsewhere(old.session.id)
    catalog.gate.set()
    with pytest.raises(RTMPRefused, match="try again"):
        await opening
    assert hub.open_sessions() == []


async def test_stop_ends_every_session_and_refuses_new_ones(
    hub: Hub, catalog: SmallCatalog
) -> None:
    pushing, waiting = await hub.publish(request("a")), await hub.publish(request("b"))
    send(pushing)
    send(waiting)
    await waiting.close("idle")

    async def read() -> bytes:
        return b"".join([piece async for piece in pushing.session.read(0)])

    reader = asyncio.create_task(read())
    await until(lambda: pushing.session.readers)
    await hub.stop()
    assert reader.done(), "a stop waits for the readers"
    assert b"weir.end" in reader.result()
    assert await pushing.revoked == "shutdown"
    ended = [fact.cause for fact in catalog.said if isinstance(fact, SessionEnded)]
    assert ended == ["shutdown", "shutdown"]
    with pytest.raises(RTMPRefused):
        await hub.publish(request("c"))


async def test_ended_session_is_kept_until_it_is_acknowledged(catalog: SmallCatalog) -> None:
    hub = make_hub(catalog, replay_s=0.01, unacknowledged_s=60.0)
    catalog.reconnect_window_s = 0.0
    publish = await hub.publish(request())
    send(publish)
    await publish.close("publisher_ended")
    await until(lambda: not hub.open_sessions())
    await asyncio.sleep(0.05)
    session = hub.session(publish.session.id)
    session.acknowledge(1, checkpoint(1, session.next_tag))

    def is_gone() -> bool:
        try:
            hub.session(session.id)
        except SessionUnknown:
            return True
        return False

    await until(is_gone)


async def test_ended_session_that_nobody_acknowledges_is_given_up(catalog: SmallCatalog) -> None:
    hub = make_hub(catalog, replay_s=0.01, unacknowledged_s=0.03)
    catalog.reconnect_window_s = 0.0
    publish = await hub.publish(request())
    send(publish)
    await publish.close("publisher_ended")
    await until(lambda: not hub._sessions)


# --- admission ------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "sign=", "sign=1-00000000000000000000000000000000", "x=y"])
async def test_push_without_a_right_signature_is_unauthorized(
    hub: Hub, catalog: SmallCatalog, query: str
) -> None:
    with pytest.raises(RTMPRefused) as refused:
        await hub.publish(request(query=query))
    assert refused.value.rtmp_status == "NetStream.publish.Unauthorized"
    assert str(refused.value) == "Authorization required."
    assert catalog.asks == []


@pytest.mark.parametrize("name", ["../etc", "a\0b", "", "x" * 65, "api", "%2e%2e", "a/b", "-a"])
async def test_hostile_names_are_refused_before_anything_else(
    hub: Hub, catalog: SmallCatalog, name: str
) -> None:
    with pytest.raises(RTMPRefused) as refused:
        await hub.publish(request(name))
    assert refused.value.rtmp_status == "NetStream.Publish.BadName"
    assert catalog.asks == []


async def test_refusal_of_the_catalog_reaches_the_encoder(hub: Hub, catalog: SmallCatalog) -> None:
    catalog.errors = [NotFound("There is no stream `cam`.")]
    with pytest.raises(RTMPRefused, match="There is no stream") as refused:
        await hub.publish(request())
    assert refused.value.rtmp_status == "NetStream.Publish.BadName"


async def test_catalog_that_comes_back_in_time_is_waited_for(
    hub: Hub, catalog: SmallCatalog
) -> None:
    catalog.errors = [BusUnavailable("away"), AskTimedOut("late")]
    await hub.publish(request())
    assert len(catalog.asks) == 3


async def test_catalog_that_stays_away_is_a_refusal_to_try_again(catalog: SmallCatalog) -> None:
    hub = make_hub(catalog, catalog_wait_s=0.5)
    catalog.errors = [BusUnavailable("away")] * 10
    with pytest.raises(RTMPRefused, match="try again") as refused:
        await hub.publish(request())
    assert refused.value.rtmp_status == "NetStream.Publish.Failed"


async def test_signed_stream_is_played_with_a_token_only(hub: Hub, catalog: SmallCatalog) -> None:
    catalog.view_policy = "signed"
    await hub.publish(request())

    with pytest.raises(RTMPRefused, match="Unauthorized: Ask for a signed link") as refused:
        await hub.play(request(query=""))
    assert refused.value.rtmp_status == "NetStream.Play.Failed"
    assert len(hub.players) == 0
    player = await hub.play(request(query="token=t0ken&x=1"))
    assert catalog.tokens == ["", "t0ken"]
    assert player.grant is catalog.admitted
    player.close()
    assert len(hub.players) == 0
    hub.on_view_policy("cam", "public")
    catalog.view_policy = "public"
    assert (await hub.play(request(query=""))).grant is None


async def test_player_that_nobody_can_judge_is_told_to_try_again(
    hub: Hub, catalog: SmallCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.view_policy = "signed"
    await hub.publish(request())

    async def admit(*_: object) -> PlayerAdmitted:
        raise BusUnavailable("Nobody answers; try again.")

    monkeypatch.setattr(hub.players, "admit", admit)
    with pytest.raises(RTMPRefused, match=r"^Nobody answers; try again\.$"):
        await hub.play(request(query="token=t0ken"))


async def test_public_stream_is_played_unless_a_gateway_says_that_it_is_full(
    hub: Hub, catalog: SmallCatalog
) -> None:
    await hub.publish(request())
    catalog.errors = [PlayerRefused("As many watch as may at once.")]
    with pytest.raises(RTMPRefused, match="As many watch as may at once"):
        await hub.play(request(query=""))
    assert (await hub.play(request(query=""))).grant is None
    assert (await hub.play(request(query="token=t0ken"))).grant is catalog.admitted
    catalog.errors = [BusUnavailable("Nobody answers; try again.")]
    assert (await hub.play(request(query=""))).grant is None, "it is anybody's"


async def test_nobody_plays_what_is_not_on_air(hub: Hub) -> None:
    await hub.publish(request())
    with pytest.raises(RTMPRefused) as refused:
        await hub.play(request("other", query=""))
    assert refused.value.rtmp_status == "NetStream.Play.StreamNotFound"


async def test_players_without_a_token_are_sent_away_when_the_stream_turns_signed(
    hub: Hub, catalog: SmallCatalog
) -> None:
    await hub.publish(request())
    player = await hub.play(request(query=""))
    hub.on_view_policy("other", "signed")
    assert not player.dismissed.done()
    hub.on_view_policy("cam", "signed")
    assert "signed link" in player.dismissed.result()
    signed = await hub.play(request(query="token=t0ken"))
    hub.on_view_policy("cam", "signed")
    assert not signed.dismissed.done()


# --- whether a publisher's bytes may wait ---------------------------------------------------------


async def test_bytes_may_wait_only_for_a_publish_that_nobody_waits_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish = await make_hub(SmallCatalog()).publish(request())
    assert not publish.may_wait, "services still come to read it"
    monkeypatch.setattr("services.ingest.publish.CALM_AFTER_S", 0.0)
    assert publish.may_wait
    gathering = publish.session.gathering
    gathering.enter("package")
    assert not publish.may_wait
    gathering.want("package", 0.5)
    assert publish.may_wait
