"""The families of encoders that rungs can be made with, and what each wants to be told.

Whatever encodes, a frame keeps its time and is a keyframe when the source's is one: no B-frames, no
keyframes of the encoder's own choice, forced ones that decoding can begin at (IDR).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FamilyName = Literal["software", "x265", "nvenc", "vaapi", "qsv"]
Choice = Literal["auto", "software", "nvenc", "vaapi", "qsv"]
MARKED_QUALITY = 20
"""Of the marked picture, which stands for the source; each family's own scale is near x264's."""
NEVER = 1_000_000
"""Frames between keyframes of the encoder's own choice."""
HARDWARE_NEVER = 65_535
"""The same: what fits into the drivers' 16 bits, half an hour and more."""
RENDER_NODE = "/dev/dri/renderD128"


@dataclass(frozen=True)
class Family:
    name: FamilyName
    codec: str
    """FFmpeg's name."""
    options: Mapping[str, object] = field(default_factory=dict)
    quality: Mapping[str, object] = field(default_factory=dict)
    """In place of the bit rate, for the marked picture."""
    never: int = HARDWARE_NEVER
    pixels: str | None = None
    """The pixel format that its frames are brought into; None: the encoder's option says it."""
    is_uploaded: bool = False
    """Whether frames go into its memory by a filter."""
    setup: tuple[str, ...] = ()
    """Of the whole command line."""
    is_hevc: bool = False


SOFTWARE = Family(
    "software",
    "libx264",
    options={"pix_fmt": "yuv420p", "sc_threshold": 0, "forced-idr": 1},
    quality={"crf": MARKED_QUALITY},
    never=NEVER,
)
X265 = Family(
    "x265",
    "libx265",
    options={"pix_fmt": "yuv420p", "forced-idr": 1},
    never=NEVER,
    is_hevc=True,
)
"""What H.265 is made with, whatever makes H.264."""
NVENC = Family(
    "nvenc",
    "h264_nvenc",
    options={
        "pix_fmt": "yuv420p",
        "preset": "p4",
        "tune": "ll",
        "rc": "vbr",
        "zerolatency": 1,
        "no-scenecut": 1,
        "forced-idr": 1,
    },
    quality={"cq": MARKED_QUALITY},
)
QSV = Family(
    "qsv",
    "h264_qsv",
    options={
        "preset": "veryfast",
        "async_depth": 1,
        "look_ahead": 0,
        "adaptive_i": 0,
        "forced_idr": 1,
    },
    quality={"global_quality": MARKED_QUALITY},
    pixels="nv12",
)
VAAPI = Family(
    "vaapi",
    "h264_vaapi",
    options={"async_depth": 1},
    quality={"rc_mode": "CQP", "qp": MARKED_QUALITY},
    pixels="nv12",
    is_uploaded=True,
    setup=("-init_hw_device", f"vaapi=weir:{RENDER_NODE}", "-filter_hw_device", "weir"),
)

FAMILIES: dict[FamilyName, Family] = {
    family.name: family for family in (SOFTWARE, NVENC, QSV, VAAPI)
}
HARDWARE = (NVENC, QSV, VAAPI)
"""In the order in which they are tried."""
