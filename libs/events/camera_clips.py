"""What IP cameras note of their recordings."""

from typing import ClassVar

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing


class NoteCameraClip(Ask[Nothing]):
    """Keep a camera's note that it has pushed a stretch of a stream."""

    name: ClassVar[str] = "catalog.camera_clip.note"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    client: str = Field(max_length=256)
    device: str = Field(max_length=256)
    stream: str = Field(max_length=256)
    begin_ms: int
    """Unix time by the camera's clock; `end_ms` likewise."""
    end_ms: int
    duration_s: float
