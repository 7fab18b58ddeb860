"""The least that a fact costs on its way from a publisher over a log of the bus to a table's row.

Usage: `bare_events.py DATABASE URL TOKEN START_S SESSIONS RATE SECONDS`.

It takes as many facts at once as the catalog, and leaves as long between two takes; so as little
as there does a fact count before it is on disk, in the log and in the table.
"""

import asyncio
import json
import sqlite3
import sys
import time
from typing import Any

import nats
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig

from bench.fact_pacing import publish_all

SUBJECT, LOG, DURABLE = "segment.ready", "FACTS", "bare"
BATCH, GATHER_S = 100, 0.025
_COLUMNS = (
    "tenant_id", "stream_id", "session_id", "rendition", "msn", "object_key", "object_offset",
    "size_bytes", "sha256", "tracks", "start_ms", "duration_s", "starts_at", "is_independent",
    "discontinuity_sequence", "generation", "epoch", "first_tag", "last_tag", "key_id",
    "bitrate_bps",
)  # fmt: skip
_SAID = {
    "tenant_id": "tenant", "stream_id": "stream", "session_id": "session", "object_offset": "offset"
}  # fmt: skip
_NAMES = [_SAID.get(name, name) for name in _COLUMNS]
_INSERT = (
    f"INSERT OR IGNORE INTO segments ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)


async def main(
    database: str, url: str, token: str, start_s: int, sessions: int, rate: int, seconds: int
) -> None:
    client = await nats.connect(url, user="weir", password=token)
    js = client.jetstream()
    await js.add_stream(
        StreamConfig(LOG, subjects=[SUBJECT], storage=StorageType.FILE, duplicate_window=120)
    )
    await js.add_consumer(LOG, ConsumerConfig(DURABLE, ack_policy=AckPolicy.EXPLICIT))
    consumer = asyncio.create_task(insert_all(js, sqlite3.connect(database)))

    async def publish(row: dict[str, Any]) -> bool:
        key = f"{row['session']}:{row['rendition']}:{row['msn']}"
        await js.publish(SUBJECT, json.dumps(row).encode(), headers={"Nats-Msg-Id": key})
        return True

    await publish_all(publish, sessions=sessions, start_s=start_s, rate=rate, seconds=seconds)
    while await _is_behind(js):  # noqa: ASYNC110 - only the server knows
        await asyncio.sleep(GATHER_S)
    consumer.cancel()
    await client.close()


async def insert_all(js: JetStreamContext, connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    subscription = await js.pull_subscribe_bind(DURABLE, LOG)
    while True:
        began = time.monotonic()
        try:
            found = await subscription.fetch(BATCH)
        except TimeoutError:
            continue
        with connection:
            connection.executemany(_INSERT, [_values(json.loads(each.data)) for each in found])
        for each in found:
            await each.ack()
        await asyncio.sleep(max(0.0, began + GATHER_S - time.monotonic()))


async def _is_behind(js: JetStreamContext) -> bool:
    info = await js.consumer_info(LOG, DURABLE)
    return bool(info.num_pending or info.num_ack_pending)


def _values(row: dict[str, Any]) -> list[Any]:
    row["tracks"] = json.dumps(row["tracks"])
    row["starts_at"] = row["starts_at"].removesuffix("+00:00").replace("T", " ") + ".000000"
    return [row[name] for name in _NAMES]


if __name__ == "__main__":
    _, database, url, token, *numbers = sys.argv
    asyncio.run(main(database, url, token, *map(int, numbers)))
