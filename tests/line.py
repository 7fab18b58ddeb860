"""From a publisher's tags to segments in one thread, on a clock that the test turns.

Ingest's session and the packager's cutter do what they do in their processes; hours of media take
seconds. Playlists are linted after each segment, as a player would see them.
"""

from collections.abc import Iterable

from libs.cutting.cuts import Part, SegmentCut, SegmentsLost, TrackConfigured
from libs.cutting.cutter import Cutter
from libs.cutting.rows import segment_row
from libs.events import PackageRequested, TrackKind
from libs.media.flv import FLV_HEADER, FLVReader, Tag
from services.ingest.block import Block
from services.ingest.replay import ReplayWindow
from services.ingest.session import Session
from services.packager.playlist import render_media
from services.packager.window import Window
from tests.faults import Timed
from tests.oracles.frame_ledger import Frames, stored_frames
from tests.oracles.hls_lint import HLSLint

SESSION = "65536f00-00000001"
WALL_MS = 0x65536F00 * 1000.0
ORDER = PackageRequested(
    job="package",
    attempt=1,
    tenant="default",
    stream="cam",
    session=SESSION,
    origin_url="",
    segment_s=2.0,
    playlist_segments=6,
)
KINDS: tuple[TrackKind, ...] = ("video", "audio")


class _Shelf:
    """Keeps every block in memory."""

    is_full = False

    def keep(self, block: Block) -> None: ...

    def drop(self, block: Block) -> None: ...

    async def load(self, block: Block) -> bytes | None:
        return block.data


class Line:
    """One session; `publish` may be called again after a pause."""

    def __init__(
        self, *, segment_s: float = 2.0, max_bytes: int = 1 << 30, by_parts: bool = False
    ) -> None:
        """`by_parts`: look at the playlists after each part, as low-latency players do."""
        self._by_parts = by_parts
        self._looks = 0
        self.now_ms = 0.0
        self.tags: list[Tag] = []
        self.cuts: list[SegmentCut] = []
        self.lost: list[SegmentsLost] = []
        self.inits: dict[str, bytes] = {}
        self.lint = HLSLint()
        self.window = Window(6)
        self.replay = ReplayWindow(_Shelf(), keep_ms=10_000, max_bytes=max_bytes)
        self.session = Session(
            SESSION,
            tenant="default",
            stream="cam",
            replay=self.replay,
            now_ms=lambda: self.now_ms,
            wall_ms=lambda: WALL_MS + self.now_ms,
        )
        self.cutter = Cutter(SESSION, segment_s=segment_s)
        self._reader = FLVReader()
        self._reader.feed(FLV_HEADER)
        self._generation = 0
        self._began_ms = 0.0

    def publish(self, push: Iterable[Timed]) -> None:
        """One publish, from its first tag to its end."""
        self.begin()
        for timed in push:
            self.send(timed)
        self.session.end_publish()
        self._pump()

    def begin(self) -> None:
        self._generation += 1
        self._began_ms = self.now_ms
        self.session.begin_publish(self._generation)

    def send(self, timed: Timed) -> None:
        self.now_ms = max(self.now_ms, self._began_ms + timed.at_ms)
        self.session.accept(timed.tag)
        self._pump()

    def pause(self, seconds: float) -> None:
        self.now_ms += seconds * 1000

    def end(self) -> None:
        self.session.end("publisher_ended")
        self._pump()

    @property
    def discontinuities(self) -> int:
        return self.cuts[-1].discontinuity_sequence

    @property
    def duration_s(self) -> float:
        """What a player adds up."""
        return sum(cut.duration_90k for cut in self.cuts) / 90_000

    def frames(self) -> Frames:
        """Every frame that was cut."""
        rows = [segment_row(ORDER, cut, epoch=1) for cut in self.cuts]
        objects = {row.object_key: cut.data for row, cut in zip(rows, self.cuts, strict=True)}
        return stored_frames(rows, objects, self.inits)

    def _pump(self) -> None:
        while len(self.tags) < self.replay.next_tag:
            batch = self.replay.batch(len(self.tags))
            assert not isinstance(batch, Block)
            for tag in self._reader.feed(batch.wire):
                self._cut(tag)

    def _cut(self, tag: Tag) -> None:
        cuts = self.cutter.feed(len(self.tags), tag)
        self.tags.append(tag)
        for cut in cuts:
            self.window.take(cut)
            match cut:
                case Part() if self._by_parts:
                    self._show()
                case TrackConfigured():
                    self.inits[cut.track.config_id] = cut.init
                case SegmentCut():
                    self.cuts.append(cut)
                    self._show()
                case SegmentsLost():
                    self.lost.append(cut)
                case _:
                    pass

    def _show(self) -> None:
        # No two looks are at the same moment, though several parts may come of one tag.
        self._looks += 1
        at = self.now_ms / 1000 + self._looks * 1e-9
        for kind in KINDS:
            if self.window.has_track(kind):
                listed = render_media(self.window, kind, session=SESSION, rendition="source")
                self.lint.see(f"source/{kind}.m3u8", listed.body.decode(), at=at)
