"""Gateways that tell each other of their audiences, over a bus that may lose what they say."""

from libs.events import Attendee, AudienceChanged, ViewerCounts
from services.gateway.viewers.census import SILENT_S, Census


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def attendee(viewer: str, stream: str = "cam", token_id: str = "") -> Attendee:
    return Attendee(
        id=f"{stream}/{viewer}",
        stream=stream,
        kind="dash" if viewer[0] == "d" else "hls",
        token_id=token_id,
    )


def said(number: int, **more: object) -> AudienceChanged:
    return AudienceChanged(gateway="two", number=number, is_whole=number == 1, **more)


def test_audience_of_all_gateways_is_summed_and_a_player_on_two_counts_once() -> None:
    census = Census("one")
    census.note(
        AudienceChanged(
            gateway="one", number=0, flv={"cam": 3}, joined=(attendee("h1"), attendee("d1"))
        )
    )
    assert census.hear(said(1, flv={"cam": 2, "b": 1}, joined=(attendee("h1"), attendee("h2"))))

    assert census.counts("cam") == ViewerCounts(flv=5, hls=2, dash=1)
    assert census.counts("cam").total == 8
    assert census.counts("b") == ViewerCounts(flv=1)
    assert census.counts("none") == ViewerCounts()
    assert census.gateways == 2

    assert census.hear(said(2, flv={"cam": 0}, left=("cam/h1", "cam/h2")))
    assert census.counts("cam") == ViewerCounts(flv=3, hls=1, dash=1)
    census.note(AudienceChanged(gateway="one", number=0, left=("cam/h1",)))
    assert census.counts("cam") == ViewerCounts(flv=3, dash=1)


def test_what_is_said_twice_counts_once_and_a_hole_is_noticed() -> None:
    census = Census("one")
    assert not census.hear(AudienceChanged(gateway="two", number=7, joined=(attendee("h0"),)))
    assert census.hear(said(1, joined=(attendee("h1"),)))
    assert census.hear(said(2, joined=(attendee("h2"),)))
    assert census.hear(
        AudienceChanged(gateway="two", number=2, joined=(attendee("h2"), attendee("h3")))
    )
    assert census.counts("cam").hls == 2
    assert not census.hear(said(4, left=("cam/h1",)))
    assert census.counts("cam").hls == 2

    whole = AudienceChanged(gateway="two", number=5, is_whole=True, joined=(attendee("h9"),))
    assert census.hear(whole)
    assert census.counts("cam").hls == 1
    assert census.knows("cam/h9")
    assert not census.knows("cam/h1")


def test_silent_gateway_and_one_that_says_goodbye_take_their_viewers_with_them() -> None:
    clock = Clock()
    census = Census("one", clock=clock)
    census.note(AudienceChanged(gateway="one", number=0, flv={"cam": 1}))
    census.hear(said(1, flv={"cam": 4}, joined=(attendee("h1"),)))
    clock.now += SILENT_S
    census.drop_silent()
    assert census.counts("cam").total == 6
    clock.now += 0.1
    census.drop_silent()
    assert census.counts("cam").total == 1

    census.hear(said(1, flv={"cam": 4}))
    assert census.counts("cam").total == 5
    assert census.hear(AudienceChanged(gateway="two", number=2, is_last=True))
    assert census.counts("cam").total == 1
    assert census.gateways == 1


def test_players_of_a_limited_token_are_counted_over_gateways_and_kinds() -> None:
    census = Census("one")
    census.note(
        AudienceChanged(
            gateway="one", number=0, flv_of_tokens={"t": 1}, joined=(attendee("h1", token_id="t"),)
        )
    )
    census.hear(said(1, flv_of_tokens={"t": 2}, joined=(attendee("d1", token_id="t"),)))

    assert census.players_of_token("t") == 5
    census.hear(said(2, left=("cam/d1",), flv_of_tokens={"t": 0}))
    assert census.players_of_token("t") == 2
    assert census.players_of_token("") == 0
