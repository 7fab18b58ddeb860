"""Captions: text that comes from strangers, as cues, and as WebVTT that says nothing else."""

from libs.captions.cue import Cue
from libs.captions.errors import CaptionsInvalid
from libs.captions.reading import MAX_CAPTIONS_BYTES, MAX_CUES, MAX_TEXT_CHARS, read_captions
from libs.captions.text import clean_text
from libs.captions.webvtt import timestamp_map, write_webvtt

__all__ = [
    "MAX_CAPTIONS_BYTES",
    "MAX_CUES",
    "MAX_TEXT_CHARS",
    "CaptionsInvalid",
    "Cue",
    "clean_text",
    "read_captions",
    "timestamp_map",
    "write_webvtt",
]
