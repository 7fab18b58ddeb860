"""The frame ledger balances what is equal and finds what is not."""

import hashlib
import io
from datetime import UTC, datetime

import av
import pytest

from libs.cutting.cuts import SegmentCut, TrackConfigured
from libs.cutting.cutter import Cutter
from libs.events import Segment
from tests.oracles.flv_source import make_flv, session_tags
from tests.oracles.frame_ledger import Frames, compare, input_frames, stored_frames

FLV = make_flv(seconds=6, b_frames=2)


def packaged(flv: bytes) -> tuple[list[Segment], dict[str, bytes], dict[str, bytes]]:
    """Rows, objects and init segments of a file that was cut."""
    rows: list[Segment] = []
    objects: dict[str, bytes] = {}
    inits: dict[str, bytes] = {}
    cutter = Cutter("655f1c00-0badcafe", segment_s=2)
    for number, tag in enumerate(session_tags(flv)):
        for cut in cutter.feed(number, tag):
            if isinstance(cut, TrackConfigured):
                inits[cut.track.config_id] = cut.init
            elif isinstance(cut, SegmentCut):
                objects[str(cut.msn)] = cut.data
                rows.append(row_of(cut))
    return rows, objects, inits


def row_of(cut: SegmentCut) -> Segment:
    return Segment(
        tenant="t", stream="s", session="x", rendition="source", msn=cut.msn,
        object_key=str(cut.msn), size_bytes=len(cut.data),
        sha256=hashlib.sha256(cut.data).hexdigest(), tracks=cut.tracks, start_ms=0,
        duration_s=2.0, starts_at=datetime(2026, 1, 1, tzinfo=UTC), is_independent=True,
        discontinuity_sequence=0, generation=1, epoch=1, first_tag=0, last_tag=1,
    )  # fmt: skip


def test_packaged_file_balances() -> None:
    ledger = compare(input_frames(FLV), stored_frames(*packaged(FLV)))
    assert ledger.is_balanced
    assert ledger.counted == {"video": 150, "audio": 283}


def test_other_container_of_the_same_frames_balances() -> None:
    for form in ("mpegts", "matroska", "mp4"):
        file = io.BytesIO()
        with av.open(io.BytesIO(FLV), "r") as source, av.open(file, "w", format=form) as sink:
            streams = {stream: sink.add_stream_from_template(stream) for stream in source.streams}
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream]
                    sink.mux(packet)
        assert compare(input_frames(FLV), input_frames(file.getvalue())).is_balanced, form


def test_part_of_the_input_can_be_expected() -> None:
    frames = input_frames(FLV, until_s=2.0)
    assert 48 <= len(frames["video"]) <= 50
    assert set(frames["video"]) <= set(input_frames(FLV)["video"])


FRAMES: Frames = {"video": ["a", "b", "c", "c"], "audio": ["x"]}


@pytest.mark.parametrize(
    ("stored", "missing", "surplus", "disordered"),
    [
        (["a", "b", "c"], [3], 0, False),
        (["a", "c", "c"], [1], 0, False),
        (["a", "b", "c", "c", "c"], [], 1, False),
        (["a", "a", "b", "c", "c"], [], 1, False),
        (["b", "a", "c", "c"], [], 0, True),
        (["a", "b", "d", "c"], [3], 1, False),
    ],
)
def test_faults_are_found(
    stored: list[str], missing: list[int], surplus: int, disordered: bool
) -> None:
    ledger = compare(FRAMES, {"video": stored, "audio": ["x"]})
    assert not ledger.is_balanced
    assert ledger.missing["video"] == missing
    assert ledger.surplus["video"] == surplus
    assert ("video" in ledger.disordered) is disordered


def test_missing_track_is_found() -> None:
    assert compare(FRAMES, {"video": FRAMES["video"]}).missing["audio"] == [0]


def test_object_that_is_not_what_its_row_says_is_refused() -> None:
    rows, objects, inits = packaged(FLV)
    key = rows[1].object_key
    objects[key] = objects[key][:-1] + b"!"
    with pytest.raises(AssertionError, match="is not what its row says"):
        stored_frames(rows, objects, inits)


def test_lost_object_is_found() -> None:
    rows, objects, inits = packaged(FLV)
    ledger = compare(input_frames(FLV), stored_frames(rows[:1] + rows[2:], objects, inits))
    assert len(ledger.missing["video"]) == 50
    assert not ledger.disordered
