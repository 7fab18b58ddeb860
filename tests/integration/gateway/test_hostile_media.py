"""Names that try to leave the store: refused, whatever they are encoded as."""

import asyncio
from pathlib import Path
from typing import Any

SESSION = "69573000-0a0b0c0d"
MSN = 0x69573000 + 5
SECRET = b"nobody may read this"

TARGETS = [
    target.encode("latin-1")
    for up in ("..", "%2e%2e", "%2E%2e", "%252e%252e", "..%2f", "..%5c", "..\\", "....//")
    for target in (
        f"/cam/{up}/secret.m4s",
        f"/{up}/{up}/secret.mp4",
        f"/cam/{SESSION}/{up}/{up}/{MSN}.video.m4s",
        f"/cam/{SESSION}/source/{up}/secret.m4s",
        f"/hls/{up}/cam/live.m3u8",
        f"/cam/{up}/cam/live.flv",
    )
] + [
    f"/cam/{SESSION}/source/{name}".encode("latin-1")
    for name in (
        f"{MSN}.video.m4s%00",
        f"{MSN}.video.m4s%00.mp4",
        f"%00{MSN}.video.m4s",
        f"{MSN}.video.m4s%0d%0aset-cookie:%20a=b",
        f"{MSN}%2evideo.m4s",
        f"{MSN}.video.m4s/",
        f"{MSN}.video.m4s;v=1",
        f"{MSN}.VIDEO.m4s",
        f"0{MSN}.video.m4s",
        f"+{MSN}.video.m4s",
        "99999999999999999999.video.m4s",
        "-1.video.m4s",
        "9" * 20_000 + ".video.m4s",
        "init-" + "0" * 4096 + ".mp4",
        "init-%2e%2e%2fsecret.mp4",
        "init-0123456789ab.mp4%23",
        "\u00b9.video.m4s",
    )
]


async def ask(port: int, target: bytes, method: bytes = b"GET") -> tuple[int, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"%b %b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" % (method, target))
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1]), answer


async def test_no_name_leaves_the_store(gateway: Any, store_of_gateway: str) -> None:
    store = Path(store_of_gateway.removeprefix("file://"))
    for folder in (store, store / "segments", store.parent):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("secret.m4s", "secret.mp4"):
            (folder / name).write_bytes(SECRET)
    for target in TARGETS:
        for method in (b"GET", b"HEAD"):
            status, answer = await ask(gateway.port, target, method)
            assert 400 <= status < 500, (status, target[:80])
            assert SECRET not in answer
            assert b"\r\nset-cookie" not in answer.lower()
    assert "Traceback" not in gateway.said()
