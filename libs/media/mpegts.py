"""Segments as an MPEG transport stream (ISO/IEC 13818-1), for players that know nothing else.

Each segment is made of its own samples alone, and any may follow each other all the same:

- Continuity counters (2.4.3.3) begin at 0, and each PID has a multiple of 16 packets with payload
  in a segment: they run on by construction. What is missing to that is made up by spreading one
  unit's payload over more packets, and by how often the tables are said.
- Times are the samples' own. The program clock (2.4.2.2) goes by the pictures' decode times and
  stays below the end of the segment's, which is where the next one begins.
- Tables that say something else have another version (2.4.4.9).
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from libs.media import pes, psi
from libs.media.adts import ADTS
from libs.media.annexb import AnnexB
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TIMESCALE, VIDEO_TRACK_ID
from libs.media.cmaf_reader import Chunk
from libs.media.codec import AudioConfig, VideoConfig

VIDEO_PID, AUDIO_PID = 0x100, 0x101
PACKET_BYTES = 188
_PAYLOAD_BYTES = PACKET_BYTES - 4
_COUNTERS = 16
_LEAD = 63_000
"""From a frame's clock to its decode time, in ticks of 90 kHz: what a decoder buffers."""
_CLOCK_EVERY = 8_100
"""The clock is said at least each 100 ms (2.7.2)."""
_TABLES_EVERY_S = 0.4
_HAS_PAYLOAD, _HAS_ADAPTATION, _BEGINS = 0x10, 0x20, 0x40
_SAYS_CLOCK, _RANDOM_ACCESS = 0x10, 0x40
_VIDEO_TABLE, _AUDIO_TABLE, _HEVC_TABLE = 1, 2, 4
"""Added, they are the version of the program map."""


class _Unit(NamedTuple):
    """A PES packet on its way into packets."""

    at: int
    """When it is sent, in the program clock's ticks of 90 kHz."""
    pid: int
    data: bytes
    adaptation: bytes = b""
    """Adaptation field of its first packet, without its length."""

    @property
    def packets(self) -> int:
        first = _PAYLOAD_BYTES - (len(self.adaptation) + 1 if self.adaptation else 0)
        return 1 + max(0, math.ceil((len(self.data) - first) / _PAYLOAD_BYTES))


class Tracks(NamedTuple):
    """What a segment's tracks are encoded as; one of them may be missing."""

    video: VideoConfig | None = None
    audio: AudioConfig | None = None


def write_segment(tracks: Tracks, chunks: Sequence[Chunk]) -> bytes:
    """The samples of `chunks`, all of one segment, as packets.

    Raises `CodecConfigurationInvalid`, `CodecUnsupported`.
    """
    pictures = _pictures(tracks.video, chunks)
    begin, end, lead = _span_of(chunks, tracks)
    units = sorted([*pictures, *_sounds(tracks, chunks, lead)], key=lambda unit: unit.at)
    if not pictures:
        units = [unit._replace(adaptation=_clock(unit.at, is_key=True)) for unit in units]
    writer = _Writer(VIDEO_PID if pictures else AUDIO_PID, tracks, begin, end)
    return writer.write(units)


# --- access units -----------------------------------------------------------------------


def _pictures(config: VideoConfig | None, chunks: Sequence[Chunk]) -> list[_Unit]:
    if config is None:
        return []
    stream = AnnexB(config.record, is_hevc=config.is_hevc)
    units = []
    for chunk in chunks:
        dts = chunk.decode_time
        for sample in chunk.samples if chunk.track_id == VIDEO_TRACK_ID else ():
            payload = stream.access_unit(sample.data, is_sync=sample.is_sync)
            data = pes.pes_packet(pes.VIDEO_ID, dts + sample.composition, dts, payload)
            units.append(_Unit(dts, VIDEO_PID, data, _clock(dts, is_key=sample.is_sync)))
            dts += sample.duration
    return units


def _sounds(tracks: Tracks, chunks: Sequence[Chunk], lead: int) -> list[_Unit]:
    """A packet for each frame, so that its time is its own; sent `lead` before it is heard."""
    config = tracks.audio
    if config is None:
        return []
    framing = ADTS(config.record)
    units = []
    for chunk in chunks:
        at = chunk.decode_time
        for sample in chunk.samples if chunk.track_id == AUDIO_TRACK_ID else ():
            pts = _ticks(at, config.timescale)
            data = pes.pes_packet(pes.AUDIO_ID, pts, pts, framing.frame(sample.data))
            units.append(_Unit(pts - lead, AUDIO_PID, data))
            at += sample.duration
    return units


def _span_of(chunks: Sequence[Chunk], tracks: Tracks) -> tuple[int, int, int]:
    """Begin and end of the segment in the program clock, and how much later than they are decoded
    its pictures are shown: its sound is sent with what it belongs to.
    """
    found: dict[int, list[Chunk]] = {VIDEO_TRACK_ID: [], AUDIO_TRACK_ID: []}
    for chunk in chunks:
        if chunk.samples:
            found[chunk.track_id].append(chunk)
    own = found[VIDEO_TRACK_ID] or found[AUDIO_TRACK_ID]
    if not own:
        return 0, 0, 0
    timescale = VIDEO_TIMESCALE
    if not found[VIDEO_TRACK_ID] and tracks.audio is not None:
        timescale = tracks.audio.timescale
    last = own[-1].decode_time + sum(sample.duration for sample in own[-1].samples)
    lead = max(0, own[0].samples[0].composition)
    return _ticks(own[0].decode_time, timescale), _ticks(last, timescale), lead


def _ticks(time: int, timescale: int) -> int:
    return (time * VIDEO_TIMESCALE + timescale // 2) // timescale


def _clock(at: int, *, is_key: bool) -> bytes:
    """An adaptation field that says the clock (2.4.3.4), without its length."""
    base = (at - _LEAD) & pes.CLOCK_MASK
    flags = _SAYS_CLOCK | (_RANDOM_ACCESS if is_key else 0)
    return bytes((flags,)) + (base << 15 | 0x7E00).to_bytes(6, "big")


# --- packets ----------------------------------------------------------------------------


class _Writer:
    def __init__(self, clock_pid: int, tracks: Tracks, begin: int, end: int) -> None:
        self._packets: list[bytes] = []
        self._counters = {psi.PAT_PID: 0, psi.PMT_PID: 0, VIDEO_PID: 0, AUDIO_PID: 0}
        self._clock_pid = clock_pid
        self._clock_at = begin
        self._end = end
        self._tables = _tables(tracks, clock_pid)
        seconds = (end - begin) / VIDEO_TIMESCALE
        self._table_times = _table_times(begin, end, seconds)

    def write(self, units: Sequence[_Unit]) -> bytes:
        spread = _to_be_spread(units)
        for index, unit in enumerate(units):
            self._say_tables(unit.at)
            self._say_clock(unit.at)
            if unit.pid == self._clock_pid:
                self._clock_at = unit.at
            self._put(unit, spread.get(index, 0))
        self._say_tables(self._end)
        self._say_clock(self._end)
        return b"".join(self._packets)

    def _say_tables(self, until: int) -> None:
        while self._table_times and self._table_times[-1] <= until:
            self._table_times.pop()
            for pid, section in self._tables:
                self._put(_Unit(0, pid, section), 0)

    def _say_clock(self, until: int) -> None:
        """In packets of its own where pictures are far apart."""
        while min(until, self._end) - self._clock_at > _CLOCK_EVERY:
            self._clock_at += _CLOCK_EVERY
            field = _clock(self._clock_at, is_key=False)
            # No payload: the counter stays (2.4.3.3).
            counter = (self._counters[self._clock_pid] - 1) % _COUNTERS
            head = bytes((0x47, self._clock_pid >> 8, self._clock_pid & 0xFF))
            self._packets += (head, bytes((_HAS_ADAPTATION | counter,)), _filled(field, 0))

    def _put(self, unit: _Unit, more: int) -> None:
        """The unit's packets, `more` of them than it needs."""
        packets = self._packets
        heads = _HEADS[unit.pid]
        counter = self._counters[unit.pid]
        data, at = unit.data, 0
        sizes = _sizes(unit, more)
        for index, size in enumerate(sizes):
            piece = data[at : at + size]
            at += size
            adaptation = unit.adaptation if index == 0 else b""
            is_full = size == _PAYLOAD_BYTES
            packets.append(heads[index == 0, is_full][counter])
            if not is_full:
                packets.append(_filled(adaptation, size))
            packets.append(piece)
            counter = (counter + 1) % _COUNTERS
        self._counters[unit.pid] = counter


def _to_be_spread(units: Sequence[_Unit]) -> dict[int, int]:
    """How many packets more than they need units get, by their index: of each PID one, the longest,
    so that all of its packets have payload.
    """
    totals: dict[int, int] = {}
    longest: dict[int, int] = {}
    for index, unit in enumerate(units):
        totals[unit.pid] = totals.get(unit.pid, 0) + unit.packets
        before = longest.setdefault(unit.pid, index)
        if len(unit.data) > len(units[before].data):
            longest[unit.pid] = index
    return {longest[pid]: -total % _COUNTERS for pid, total in totals.items()}


def _sizes(unit: _Unit, more: int) -> Iterator[int]:
    """Of the payloads of the unit's packets."""
    count = unit.packets + more
    left = len(unit.data)
    first = _PAYLOAD_BYTES - (len(unit.adaptation) + 1 if unit.adaptation else 0)
    first = min(first, left - (count - 1))
    yield first
    left -= first
    for rest in range(count - 1, 0, -1):
        size = min(_PAYLOAD_BYTES, left - (rest - 1)) if not more else -(-left // rest)
        yield size
        left -= size


def _filled(adaptation: bytes, size: int) -> bytes:
    """The adaptation field of a packet whose payload has `size` bytes, with what fills it up."""
    length = _PAYLOAD_BYTES - size - 1
    if not length:
        return b"\0"
    field = adaptation or b"\0"
    return bytes((length,)) + field + b"\xff" * (length - len(field))


def _tables(tracks: Tracks, clock_pid: int) -> list[tuple[int, bytes]]:
    streams, version = [], 0
    if tracks.video is not None:
        is_hevc = tracks.video.is_hevc
        streams.append(psi.Elementary(VIDEO_PID, psi.HEVC if is_hevc else psi.AVC))
        version += _VIDEO_TABLE + (_HEVC_TABLE if is_hevc else 0)
    if tracks.audio is not None:
        streams.append(psi.Elementary(AUDIO_PID, psi.ADTS_AAC))
        version += _AUDIO_TABLE
    program_map = psi.program_map(streams, clock_pid=clock_pid, version=version)
    # In front of a section stands where it begins in its packet (2.4.4.1).
    sections = ((psi.PAT_PID, psi.program_association()), (psi.PMT_PID, program_map))
    return [(pid, (b"\0" + each).ljust(_PAYLOAD_BYTES, b"\xff")) for pid, each in sections]


def _table_times(begin: int, end: int, seconds: float) -> list[int]:
    """When the tables are said, the last first; the first time is before everything."""
    count = _COUNTERS * max(1, math.ceil(seconds / (_COUNTERS * _TABLES_EVERY_S)))
    times = [begin + (end - begin) * index // count for index in range(count)]
    return [*times[:0:-1], -(1 << 62)]


def _heads(pid: int) -> dict[tuple[bool, bool], list[bytes]]:
    """Packet headers (2.4.3.2) by counter; keys: whether a unit begins, whether all is payload."""
    return {
        (begins, is_full): [
            bytes(
                (
                    0x47,
                    pid >> 8 | (_BEGINS if begins else 0),
                    pid & 0xFF,
                    _HAS_PAYLOAD | (0 if is_full else _HAS_ADAPTATION) | counter,
                )
            )
            for counter in range(_COUNTERS)
        ]
        for begins in (False, True)
        for is_full in (False, True)
    }


_HEADS = {pid: _heads(pid) for pid in (psi.PAT_PID, psi.PMT_PID, VIDEO_PID, AUDIO_PID)}
