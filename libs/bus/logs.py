"""How full the bus's logs are, and how far their readers are behind."""

from nats.js import JetStreamContext
from pydantic import BaseModel, ConfigDict

from libs.bus import topology


class ReaderState(BaseModel):
    """A durable consumer of a log."""

    model_config = ConfigDict(frozen=True)

    name: str
    waiting: int
    """Messages that nobody has taken yet."""
    in_hand: int
    """Messages that were taken and are not settled: what is being done, or waits to be tried
    again."""


class LogState(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: str
    messages: int
    size_bytes: int
    max_bytes: int
    readers: tuple[ReaderState, ...]
    """The one that is farthest behind first."""


async def read_logs(js: JetStreamContext) -> list[LogState]:
    """Of every log, as the server counts."""
    return [await _read(js, name) for name in (wanted.name for wanted in topology.LOGS) if name]


async def _read(js: JetStreamContext, name: str) -> LogState:
    info = await js.stream_info(name)
    readers = [
        ReaderState(
            name=each.name, waiting=each.num_pending or 0, in_hand=each.num_ack_pending or 0
        )
        for each in await js.consumers_info(name)
    ]
    return LogState(
        name=name,
        messages=info.state.messages,
        size_bytes=info.state.bytes,
        max_bytes=info.config.max_bytes or 0,
        readers=tuple(sorted(readers, key=lambda each: (-each.waiting, -each.in_hand, each.name))),
    )
