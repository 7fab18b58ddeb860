"""Wiring of the transcoder."""

from libs.service import Service
from services.transcoder.settings import Settings


def build_app(settings: Settings | None = None) -> Service:
    return Service("transcoder", settings or Settings())
