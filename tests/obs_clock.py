"""Runs inside OBS Studio, as one of its scripts: the blocks of the scene show the wall clock.

OBS calls `script_tick` at the start of every frame that it composes, so the time in a frame is
the moment of its birth in the publisher, to the frame.
"""

import importlib
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.time_code import blocks_of  # OBS's own Python starts this from anywhere

obs: Any = importlib.import_module("obspython")

# ABGR, as OBS keeps colours.
COLOURS = (0xFF000000, 0xFFFFFFFF)
shown: dict[int, int] = {}


def script_tick(_elapsed_s: float) -> None:
    for index, block in enumerate(blocks_of(int(time.time() * 1000))):
        if shown.get(index) != block:
            shown[index] = block
            paint(f"block {index}", COLOURS[block])


def paint(name: str, colour: int) -> None:
    source = obs.obs_get_source_by_name(name)
    settings = obs.obs_data_create()
    obs.obs_data_set_int(settings, "color", colour)
    obs.obs_source_update(source, settings)
    obs.obs_data_release(settings)
    obs.obs_source_release(source)
