"""What a gateway knows of those who play over RTMP."""

from datetime import UTC, datetime

from libs.events import PlayersChanged, Viewer
from services.gateway.viewers.players import SILENT_S, Players


def told(number: int, *streams: str, ingest: str = "one") -> PlayersChanged:
    counts = {stream: streams.count(stream) for stream in streams}
    players = tuple(
        Viewer(
            id=f"r{at}", stream=stream, kind="rtmp", gateway=ingest, since=datetime.now(UTC),
            address="::1", token_id="t",
        )
        for at, stream in enumerate(streams)
    )  # fmt: skip
    of_tokens = {"t": len(streams)} if streams else {}
    return PlayersChanged(
        ingest=ingest, number=number, counts=counts, of_tokens=of_tokens, players=players
    )


def test_players_of_all_ingests_are_summed_and_the_newest_word_counts() -> None:
    players = Players()
    players.hear(told(2, "cam", "cam", "b"))
    players.hear(told(1, "cam"))
    players.hear(told(1, "cam", ingest="two"))
    assert (len(players), players.count("cam"), players.count("b")) == (4, 3, 1)
    assert players.count_of_token("t") == 4
    assert [each.gateway for each in players.of("cam")] == ["one", "one", "two"]
    players.hear(told(3))
    assert (players.count("cam"), players.count_of_token("t")) == (1, 1)


def test_ingest_that_fell_silent_takes_its_players_along() -> None:
    now = 0.0
    players = Players(clock=lambda: now)
    players.hear(told(1, "cam"))
    now = SILENT_S
    players.drop_silent()
    assert players.count("cam") == 1
    now += 1
    players.drop_silent()
    assert players.count("cam") == 0
    players.hear(told(1, "cam"))
    assert players.count("cam") == 1, "it has begun anew"
