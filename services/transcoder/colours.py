"""The colours of a picture: marks are drawn in RGB, and become the YUV that players will read.

A source that does not say its matrix is read by players as BT.709 if it is HD, else as BT.601.
"""

from typing import NamedTuple

from libs.media.codec import VideoConfig

HD_LINES = 720
_BLACK, _GREY, _LUMA_STEPS, _CHROMA_STEPS = 16, 128, 219, 224
"""Of the usual range, in eight bits."""
_BT_709, _BT_601 = 1, 6
_NAMES = {
    _BT_709: "bt709", 4: "fcc", 5: "bt470bg", _BT_601: "smpte170m", 7: "smpte240m",
    9: "bt2020nc", 10: "bt2020c",
}  # fmt: skip
"""FFmpeg's, by the numbers of ITU-T H.273, table 4; of others (RGB, YCgCo) it converts to none."""
_SCALER = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}
"""Where the filter that converts has another name for one."""

_WEIGHTS = {
    "bt709": (0.2126, 0.0722), "fcc": (0.30, 0.11), "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114), "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593), "bt2020c": (0.2627, 0.0593),
}  # fmt: skip
"""Red's and blue's share of luma."""


class Colours(NamedTuple):
    matrix: str = "smpte170m"
    """FFmpeg's name for what is said of a picture."""
    is_full_range: bool = False

    @property
    def range(self) -> str:
        return "pc" if self.is_full_range else "tv"

    @property
    def scaler_matrix(self) -> str:
        """The same for the filter that converts."""
        return _SCALER.get(self.matrix, self.matrix)

    def yuv(self, red: int, green: int, blue: int) -> tuple[int, int, int]:
        """A colour of RGB, of 255 each (ITU-T H.273, equations 38 to 46)."""
        of_red, of_blue = _WEIGHTS[self.matrix]
        luma = of_red * red + (1 - of_red - of_blue) * green + of_blue * blue
        bluish = (blue - luma) / (2 * (1 - of_blue))
        reddish = (red - luma) / (2 * (1 - of_red))
        if not self.is_full_range:
            luma = _BLACK + luma * _LUMA_STEPS / 255
            bluish, reddish = bluish * _CHROMA_STEPS / 255, reddish * _CHROMA_STEPS / 255
        # Full range has no place for the very end of one of them: half a step too much.
        return round(luma), min(255, round(_GREY + bluish)), min(255, round(_GREY + reddish))


def colours_of(config: VideoConfig) -> Colours | None:
    """None if it is in no YUV that marks can be brought into: then ffmpeg does as it likes."""
    matrix = config.matrix
    if matrix is None:
        matrix = _BT_709 if config.height >= HD_LINES else _BT_601
    name = _NAMES.get(matrix)
    return None if name is None else Colours(name, config.is_full_range)
