"""Why a picture is late: each way from the publisher to a player, hop by hop."""

from typing import Literal

from pydantic import BaseModel

from libs.standing import Standing
from libs.vitals import Vitals

HopName = Literal["encoder", "upload", "packager", "gateway", "player"]
Kind = Literal["flv", "hls", "hls_plain", "dash"]

AWAITED_MS = 300
"""A next frame that has not come for longer is late itself."""
FLV_PLAYER_MS = 250
"""How far behind the newest frame our own page plays FLV."""


class Hop(BaseModel):
    name: HopName
    """`encoder`: B-frames wait for each other. `upload`: what waits before the line, more than it
    did at its best. `packager`: a frame until its part, or segment, is there. `gateway`: from the
    service behind it to here. `player`: what players keep, so as not to run dry."""
    ms: int
    is_measured: bool
    """False: what the playlist, the manifest or our page tells players to keep."""


class Way(BaseModel):
    kind: Kind
    """`hls`: with parts (low latency), `hls_plain`: a player that knows whole segments only."""
    hops: list[Hop]
    total_ms: int


class Reached(BaseModel):
    """What was seen at ingest and packager, at one moment."""

    ingest_ms: int
    """Session time of the newest frame at ingest."""
    ingest_ask_ms: float
    """How long ingest took to answer."""
    standing: Standing
    packager_ask_ms: float


def ways_of(vitals: Vitals, reached: Reached) -> list[Way]:
    """By how little latency they have."""
    standing = reached.standing
    behind_part_ms = max(0, reached.ingest_ms - standing.part_ms)
    behind_segment_ms = max(0, reached.ingest_ms - standing.segment_ms)
    ask_ms = round(reached.packager_ask_ms)
    before = [_hop("encoder", _reorder_ms(vitals)), _hop("upload", _upload_ms(vitals))]
    ways = [
        _way("flv", before, _hop("gateway", round(reached.ingest_ask_ms)), _kept(FLV_PLAYER_MS)),
        _way(
            "hls",
            before,
            _hop("packager", behind_part_ms),
            _hop("gateway", ask_ms),
            _kept(standing.low_latency_ms),
        ),
        _way(
            "dash",
            before,
            _hop("packager", behind_part_ms),
            _hop("gateway", ask_ms),
            # What a manifest tells counts from now, not from what there is.
            _kept(max(0, standing.dash_ms - behind_part_ms - ask_ms)),
        ),
        _way(
            "hls_plain",
            before,
            _hop("packager", behind_segment_ms),
            _hop("gateway", ask_ms),
            _kept(standing.hold_back_ms),
        ),
    ]
    return sorted(ways, key=lambda way: way.total_ms)


def _way(kind: Kind, before: list[Hop], *behind: Hop) -> Way:
    hops = [*before, *behind]
    return Way(kind=kind, hops=hops, total_ms=sum(hop.ms for hop in hops))


def _hop(name: HopName, ms: int) -> Hop:
    return Hop(name=name, ms=ms, is_measured=True)


def _kept(ms: int) -> Hop:
    return Hop(name="player", ms=ms, is_measured=False)


def _reorder_ms(vitals: Vitals) -> int:
    return vitals.picture.reorder_ms if vitals.picture is not None else 0


def _upload_ms(vitals: Vitals) -> int:
    tracks = [each for each in (vitals.picture, vitals.sound) if each is not None]
    awaited_ms = round(1000 * min((each.last_s for each in tracks), default=0.0))
    return vitals.delay_ms + (awaited_ms if awaited_ms > AWAITED_MS else 0)
