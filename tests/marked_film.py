"""A film in two variants, as an asset has it, and leaks of what its viewers were served.

Its scenes look like photographs that a camera moves over, with grain; none comes twice.
"""

import io
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from libs.ffmpeg import find_ffmpeg
from libs.forensic import Code, Variant, draw_pattern
from libs.forensic.detector import ReferenceSegment
from services.transcoder.untrusted.variants import Patterned
from tests.unit.libs.forensic.detector.scenes import draw_scene

KEY = bytes(range(32))
FIRST_MSN = 1_700_000_000
SEGMENT_S = 2
SCENE_S = 9
"""Scenes begin within segments, too."""
GRAIN = 0.6
"""Standard deviation, in levels of luma."""
_TICK = Fraction(1, 90_000)


class MarkedFilm:
    """`segments` of two seconds. With `keep` the film without a mark is encoded as well."""

    def __init__(
        self, *, width: int, height: int, rate: int, segments: int, bps: int, keep: bool = False
    ) -> None:
        self.rate, self.width, self.height = rate, width, height
        self.code = Code(KEY)
        variants: tuple[Variant | None, ...] = ("a", "b", None) if keep else ("a", "b")
        writers = [_Writer(each, width, height, rate, bps) for each in variants]
        shot = _shoot(width, height, rate, segments * SEGMENT_S * rate)
        with ThreadPoolExecutor() as pool:
            for msn in range(FIRST_MSN, FIRST_MSN + segments):
                pictures, drawn = list(islice(shot, SEGMENT_S * rate)), draw_pattern(KEY, msn)
                for done in [pool.submit(each.add, pictures, drawn) for each in writers]:
                    done.result()
        self.inits: dict[str, bytes] = {}
        self.pieces: dict[str, list[bytes]] = {}
        for writer in writers:
            name = writer.variant or "plain"
            self.inits[name], self.pieces[name] = writer.finish()
        assert self.inits["a"] == self.inits["b"]

    def served(self, viewer: str) -> bytes:
        """What the viewer's player got, from the beginning to the end."""
        chosen = [
            self.pieces[self.code.variant(viewer, FIRST_MSN + at)][at]
            for at in range(len(self.pieces["a"]))
        ]
        return self.inits["a"] + b"".join(chosen)

    def whole(self, name: str) -> bytes:
        return self.inits[name] + b"".join(self.pieces[name])

    def reference(self) -> list[ReferenceSegment]:
        def segment(at: int) -> ReferenceSegment:
            return ReferenceSegment(
                FIRST_MSN + at,
                float(at * SEGMENT_S),
                float(SEGMENT_S),
                lambda: self.inits["a"] + self.pieces["a"][at],
                lambda: self.inits["b"] + self.pieces["b"][at],
            )

        return [segment(at) for at in range(len(self.pieces["a"]))]

    def truth(self, viewer: str) -> dict[int, Variant]:
        numbers = range(FIRST_MSN, FIRST_MSN + len(self.pieces["a"]))
        return {msn: self.code.variant(viewer, msn) for msn in numbers}


def leak(served: bytes, folder: Path, *, filters: str, crf: int = 28, cut: str = "") -> Path:
    """Recorded, made smaller and encoded once more. `cut`: options that leave parts out."""
    recorded, leaked = folder / "recorded.mp4", folder / "leaked.mkv"
    recorded.write_bytes(served)
    argv = [
        find_ffmpeg(), "-y", "-nostdin", "-hide_banner", "-loglevel", "error", *cut.split(),
        "-i", str(recorded), "-vf", filters,
        "-c:v", "libx264", "-preset", "ultrafast", "-crf", str(crf), "-threads", "1", str(leaked),
    ]  # fmt: skip
    ran = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False
    )
    assert ran.returncode == 0, f"{filters}: {ran.stderr[-2000:]}"
    return leaked


class _Writer:
    """Encodes as rungs of assets are, into fragmented MP4: one fragment a segment."""

    def __init__(
        self, variant: Variant | None, width: int, height: int, rate: int, bps: int
    ) -> None:
        self.variant = variant
        self._patterned = Patterned(variant, width=width, height=height) if variant else None
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
        encoder.time_base, encoder.framerate = _TICK, Fraction(rate)
        encoder.gop_size, encoder.max_b_frames, encoder.thread_count = 1_000_000, 0, 1
        encoder.bit_rate = bps
        encoder.options = {
            "preset": "veryfast", "forced-idr": "1", "maxrate": str(bps * 3 // 2),
            "bufsize": str(bps * 3 // 2), "x264-params": "scenecut=0",
        }  # fmt: skip
        self._encoder = encoder
        self._file = io.BytesIO()
        self._muxer = av.open(
            self._file, "w", format="mp4",
            options={"movflags": "frag_keyframe+empty_moov+default_base_moof"},
        )  # fmt: skip
        self._stream = self._muxer.add_stream("libx264", rate=rate)
        self._step = 90_000 // rate

    def add(self, pictures: Sequence[VideoFrame], drawn: bytes) -> None:
        """A segment."""
        for at, picture in enumerate(pictures):
            frame = self._patterned.lay(picture, drawn) if self._patterned else picture
            frame.pict_type = PictureType.NONE if at else PictureType.I
            self._mux(frame)

    def finish(self) -> tuple[bytes, list[bytes]]:
        self._mux(None)
        self._muxer.close()
        return _split(self._file.getvalue())

    def _mux(self, frame: VideoFrame | None) -> None:
        for packet in self._encoder.encode(frame):
            packet.stream, packet.duration = self._stream, self._step
            self._muxer.mux(packet)


def _split(data: bytes) -> tuple[bytes, list[bytes]]:
    """The init segment and the fragments; what indexes the whole file is left out."""
    boxes, at = [], 0
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        boxes.append((kind, data[at : at + size]))
        at += size
    init = b"".join(box for kind, box in boxes if kind in {b"ftyp", b"moov"})
    fragments: list[bytes] = []
    for kind, box in boxes:
        if kind == b"moof":
            fragments.append(box)
        elif kind == b"mdat":
            fragments[-1] += box
    return init, fragments


def _shoot(width: int, height: int, rate: int, count: int) -> Iterator[VideoFrame]:
    rng = np.random.default_rng(1)
    grains = [rng.normal(0, GRAIN, (height, width)).astype(np.float32) for _ in range(7)]
    room_x, room_y = width // 8, height // 8
    scene = np.zeros(0, np.float32)
    for at in range(count):
        number, step = divmod(at, SCENE_S * rate)
        if not step:
            scene = draw_scene(number, height + room_y, width + room_x)
            ways = rng.uniform(0, 1, 4)
        part = step / (SCENE_S * rate)
        left = int(room_x * (ways[0] * (1 - part) + ways[1] * part))
        top = int(room_y * (ways[2] * (1 - part) + ways[3] * part))
        grain = np.roll(grains[at % 7], int(rng.integers(width)), axis=1)
        luma = scene[top : top + height, left : left + width] + grain
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        picture[:height] = np.clip(luma, 16, 235)
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = at * (90_000 // rate), _TICK
        yield frame
