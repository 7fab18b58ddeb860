"""Wiring of the relay."""

from libs.service import Service
from services.relay.settings import Settings


def build_app(settings: Settings | None = None) -> Service:
    return Service("relay", settings or Settings())
