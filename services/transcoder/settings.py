"""Settings of the transcoder, beside those that every service has."""

import os
from typing import Literal

from pydantic import Field

from libs.settings import Settings as SharedSettings
from services.transcoder.families import Choice

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"]


def _cores() -> float:
    return float(len(os.sched_getaffinity(0)))


class TranscoderSettings(SharedSettings):
    store_url: str = "file:///var/lib/weir/store"
    """Where the pictures of marks are stored; see `libs.storage`. May hold a password."""
    cold_store_url: str = ""
    """Where old segments are moved to, which finite jobs read; empty: nowhere."""
    ffmpeg: str | None = None
    """The ffmpeg binary, 5.1 or newer; default: the one on PATH, else the wheel's."""
    transcode_slots: float = Field(default_factory=_cores, gt=0)
    """Cores' worth of work that this process takes on; default: the cores that it may use. One
    session is taken in any case, and finite jobs make way for sessions."""
    encoder: Choice = "auto"
    """What the rungs of live streams are encoded with. `auto`: the first of nvenc, qsv and vaapi
    that encodes a frame here, else software (x264). Untested on real hardware."""
    encoder_preset: Preset = "veryfast"
    """x264's, of live rungs and of assets: slower ones make better pictures of the same bits.
    Hardware has its own."""
    encoder_input_max_bytes: int = Field(default=16 << 20, ge=1 << 20)
    """Memory of one session for what ffmpeg has not taken; past it rungs are shed."""
    litter_every_s: float = Field(default=30.0, gt=0)
    """How often what killed attempts of jobs left in the store is looked for."""
