"""The audit log has words of its own for each deed that it notes."""

from collections import defaultdict

import pytest
from fastapi.routing import iter_route_contexts

from services.gateway.api.app import build_api
from services.gateway.api.auth import Needs
from services.gateway.api.described import declared
from tests.messages import LANGUAGES
from tests.unit.services.gateway.console.calls import run

ATTEMPTS = {("POST", "/api/v1/login"), ("POST", "/login")}
"""Whoever calls them is nobody yet."""
READS = {"GET", "HEAD", "OPTIONS"}
ALIKE = {
    "Create signed link",
    "Create upload",
    "Continue upload",
    "Sign out elsewhere",
}
"""Several ways of our own API to do the same."""


def _noted() -> list[tuple[str, str]]:
    """Each method and route that is written into the audit log."""
    found = set(ATTEMPTS)
    for route in iter_route_contexts(build_api().routes):
        for access in declared(route):
            if not isinstance(access, Needs):
                continue
            permission = access.permission
            methods = set(route.methods or ()) - {"HEAD"}
            if permission is None:
                methods -= READS
            elif permission.is_read:
                continue
            found |= {(method, str(route.path_format)) for method in methods}
    return sorted(found)


def _deeds(language: str, calls: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    asked = [[language, {"method": call[0], "route": call[1], "target": call[1]}] for call in calls]
    return dict(zip(calls, run("deeds.mjs", asked), strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_noted_has_words(language: str) -> None:
    said = _deeds(language, _noted())
    assert ("POST", "/api/v1/streams/{stream_id}/alerts") in said
    assert [call for call, deed in said.items() if call[1] in deed] == []


def test_words_tell_deeds_of_our_api_apart() -> None:
    calls: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for call, deed in _deeds("en", _noted()).items():
        if call[1].startswith("/api/v1/"):
            calls[deed].append(call)
    assert {deed for deed, its in calls.items() if len(its) > 1} == ALIKE


def test_call_without_words_stands_as_it_was_made() -> None:
    call = ("POST", "/api/v1/unheard-of")
    assert _deeds("zh", [call]) == {call: "POST /api/v1/unheard-of"}
