"""Where the time goes on each way to a player."""

from libs.standing import Standing
from libs.vitals import PictureVitals, Vitals
from services.gateway.doctor.lateness import FLV_PLAYER_MS, Reached, Way, ways_of

STANDING = Standing(
    part_ms=59_900, segment_ms=58_000, low_latency_ms=600, hold_back_ms=9000, dash_ms=1500
)
VITALS = Vitals(age_s=50, media_s=50, picture=PictureVitals(reorder_ms=80), delay_ms=40)


def ways(*, ingest_ms: int = 60_000, vitals: Vitals = VITALS) -> dict[str, Way]:
    reached = Reached(
        ingest_ms=ingest_ms, ingest_ask_ms=2.4, standing=STANDING, packager_ask_ms=4.6
    )
    return {way.kind: way for way in ways_of(vitals, reached)}


def hops(way: Way) -> list[tuple[str, int]]:
    return [(hop.name, hop.ms) for hop in way.hops]


def test_each_way_has_its_hops_in_order() -> None:
    found = ways()
    before = [("encoder", 80), ("upload", 40)]
    assert hops(found["flv"]) == [*before, ("gateway", 2), ("player", FLV_PLAYER_MS)]
    assert hops(found["hls"]) == [*before, ("packager", 100), ("gateway", 5), ("player", 600)]
    assert hops(found["hls_plain"]) == [
        *before, ("packager", 2000), ("gateway", 5), ("player", 9000),
    ]  # fmt: skip
    for way in found.values():
        assert way.total_ms == sum(hop.ms for hop in way.hops)


def test_dash_is_as_far_behind_as_its_manifest_says() -> None:
    assert hops(ways()["dash"])[2:] == [("packager", 100), ("gateway", 5), ("player", 1395)]


def test_what_players_keep_is_not_measured() -> None:
    for way in ways().values():
        assert [hop.name for hop in way.hops if not hop.is_measured] == ["player"]


def test_least_latency_comes_first() -> None:
    assert list(ways()) == ["flv", "hls", "dash", "hls_plain"]


def test_packager_that_was_asked_later_is_not_ahead() -> None:
    late = ways(ingest_ms=59_000)
    assert hops(late["hls"])[2] == ("packager", 0)


def test_frame_that_is_awaited_is_late_itself() -> None:
    stuck = VITALS.model_copy(update={"picture": PictureVitals(last_s=4.0)})
    assert hops(ways(vitals=stuck)["hls"])[:2] == [("encoder", 0), ("upload", 4040)]
