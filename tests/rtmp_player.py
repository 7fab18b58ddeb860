"""Our RTMP client, but that it plays."""

import asyncio
from typing import Any

from libs.media import amf0
from libs.rtmp import RTMPPublisher, messages
from libs.rtmp.chunks import ChunkReader, Message
from libs.rtmp.messages import MessageType

MAX_FRAME_BYTES = 1 << 22


class RTMPPlayer(RTMPPublisher):
    """`failure` says why it is over; `received_bytes` goes up while it is not."""

    async def _negotiate(self) -> None:
        self._chunks = ChunkReader(max_message_bytes=MAX_FRAME_BYTES)
        self._started = asyncio.get_running_loop().create_future()
        size = self._chunk_bytes.to_bytes(4, "big")
        self._write(Message(MessageType.SET_CHUNK_SIZE, 0, 0, size), messages.CONTROL_CHANNEL)
        await self._ask("connect", amf0.Object(app=self.url.app, tcUrl=self.url.tc_url))
        await self._ask("createStream", None)
        self._say(self._command("play", None, self.url.name, stream_id=messages.STREAM_ID))
        await self._started

    def _on_status(self, facts: dict[str, Any]) -> None:
        if facts["code"] == "NetStream.Play.Start" and self._started is not None:
            self._started.set_result(None)
        else:
            super()._on_status(facts)
