"""Every generated page, and what makes it."""

from collections.abc import Callable
from pathlib import Path

from docs.generator import asyncapi, events, metrics, settings
from services.gateway.api import openapi

REFERENCE = Path(__file__).parents[1] / "reference"

PAGES: dict[str, Callable[[], str]] = {
    "asyncapi.json": asyncapi.document,
    "events.md": events.page,
    "metrics.md": metrics.page,
    "openapi.json": openapi.document,
    "settings.md": settings.page,
}
