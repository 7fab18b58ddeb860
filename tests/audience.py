"""Who watches a furnished Weir, and talks: what pages tell of people."""

import subprocess
from typing import Any

import httpx2

from libs.ffmpeg import find_ffmpeg
from tests.chatting import Chatter
from tests.running import RunningWeir
from tests.waiting import until

ELSEWHERE = "127.0.0.9"
"""Of the one who is banned: the ban holds for the address."""


def watching(weir: RunningWeir, stream: dict[str, Any], viewer: str) -> subprocess.Popen[bytes]:
    """A player that shows nothing to anybody."""
    path = f"/api/v1/streams/{stream['id']}/viewer-tokens"
    token = weir.call("POST", path, {"viewer": viewer})
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "quiet", "-i", token["playback"]["flv"]]
    return subprocess.Popen([*argv, "-c", "copy", "-f", "null", "-"], stdin=subprocess.DEVNULL)


async def talk(weir: RunningWeir, stream: dict[str, Any], said: list[tuple[str, str]]) -> None:
    """Open the chat: names and what they say. The last of them is banned, and tips are alerts."""
    path = f"/api/v1/streams/{stream['id']}"
    weir.call("PATCH", f"{path}/chat", {"is_open": True, "slow_s": 0})
    chat = f"{weir.http_url}/watch/{stream['id']}/chat"
    for name, text in said[:-1]:
        async with Chatter.open(chat) as chatter:
            await chatter.join(name)
            await chatter.say(text)
    name, text = said[-1]
    async with Chatter.open(chat, local_addr=(ELSEWHERE, 0)) as troll:
        await troll.join(name)
        spam = await troll.say(text)
        await until(lambda: _is_banned(weir, f"{path}/chat/bans", spam["id"], text))
    tip = {"key": "1", "kind": "tip", "by": said[0][0], "text": said[0][1]}
    weir.call("POST", f"{path}/alerts", {**tip, "amount": "12.50", "currency": "EUR"})


def _is_banned(weir: RunningWeir, path: str, message: int, reason: str) -> bool:
    """The catalog may not have the message yet."""
    answer = httpx2.post(
        f"{weir.http_url}{path}",
        json={"message": message, "reason": reason},
        headers={"x-api-key": weir.credentials["api_key"]},
    )
    return bool(answer.status_code == 201)
