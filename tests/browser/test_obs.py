"""OBS Studio itself, set up as the console tells its user, seen in a real browser.

OBS draws its own wall clock into every frame at the moment it composes it, so a reading's age is
everything that a viewer waits for: OBS's encoder and sending, Weir, the player and its screen.
The sound is OBS's silence: an AAC track as of any scene without a microphone.
"""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.obs import OBSStudio
from tests.running import RunningWeir
from tests.viewing import LIMITS, until_live, watch_every_page

pytestmark = [pytest.mark.browser, pytest.mark.integration]

FIRST_SEGMENT_S = 40.0
"""OBS draws without a graphics card here: its start alone takes seconds."""


async def test_obs_is_seen_in_every_player_in_time(
    weir: RunningWeir, page: Page, tmp_path: Path
) -> None:
    stream = weir.create_stream(name="obs")
    push = stream["push"]
    studio = OBSStudio(tmp_path, server=push["server"], stream_key=push["stream_key"])
    async with studio:
        try:
            await until_live(weir, stream["id"], FIRST_SEGMENT_S)
        except TimeoutError:
            pytest.fail(f"OBS is not on air:\n{studio.log()}")
        ages = await watch_every_page(weir, page, stream["id"])
    assert all(ages[name] <= limit for name, limit in LIMITS.items()), ages
    assert len(weir.sessions(stream["id"])) == 1


async def test_obs_with_another_streams_key_is_refused(weir: RunningWeir, tmp_path: Path) -> None:
    """OBS stops and says the status; it does not try again and again with a key that is wrong."""
    push, other = (weir.create_stream(name=name)["push"] for name in ("mine", "theirs"))
    signature = push["stream_key"].partition("?")[2]
    name = other["stream_key"].partition("?")[0]
    studio = OBSStudio(tmp_path, server=push["server"], stream_key=f"{name}?{signature}")
    async with studio, asyncio.timeout(FIRST_SEGMENT_S):
        while "Streaming Stop" not in studio.log():
            await asyncio.sleep(0.1)
    assert "NetStream.publish.Unauthorized" in studio.log()
    assert "Streaming Start" not in studio.log()
    assert weir.sessions(name) == []
