"""One connection to a target. Every failure is a `PushFailed`, in words without the stream key."""

import asyncio
import ssl
import time
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from libs.egress import Egress, EgressRefused, EgressUnresolved
from libs.media.flv import Tag
from libs.push_url import SECRET, PushURL
from libs.rtmp import INSTALLATION, LOOP_STATUS, RTMPPublisher, RTMPRefused, RTMPUnreachable
from services.relay.errors import PushFailed
from services.relay.pulse import STALL_S, Pulse, Vitals

CONNECT_S = 8.0
ACK_BYTES = 32 * 1024
"""How often a server shall say what it has read: at 64 kbit/s, every four seconds."""
MAX_DETAIL_CHARS = 300


class Outlet(Protocol):
    """An open connection that tags are sent to."""

    @property
    def sent_bytes(self) -> int: ...
    @property
    def has_begun(self) -> bool:
        """Whether the other side has taken the push."""

    async def send(self, tags: Iterable[Tag]) -> None:
        """Raises `PushFailed`; so does `check`."""

    def check(self) -> None:
        """Look for signs of life."""

    async def close(self) -> None:
        """Say goodbye; what was sent arrives first, unless the other side is too slow."""

    def abort(self) -> None: ...


class Outlets:
    """Opens connections to targets. `installation` marks our own pushes to ourselves."""

    def __init__(
        self, egress: Egress, *, installation: str, tls: ssl.SSLContext | None = None
    ) -> None:
        self._egress = egress
        self._installation = installation
        self._tls = tls

    async def open(
        self, url: str, fourccs: Collection[str] = (), via: Sequence[str] = ()
    ) -> Outlet:
        """Raises `PushFailed`. `fourccs`: codecs of the stream that need Enhanced RTMP; `via`: the
        Weirs that it came through.
        """
        target = PushURL.parse(url)
        try:
            if target.scheme == "srt":
                # It needs PyAV, which is 15 MB of memory and not for everybody.
                from services.relay.srt_outlet import SRTOutlet

                place = await self._egress.resolve(target.host, target.port)
                return await SRTOutlet.open(target, place)
            return await self._open_rtmp(url, target, fourccs, via)
        except EgressRefused as error:
            raise PushFailed("egress_refused", str(error)) from None
        except EgressUnresolved as error:
            raise PushFailed("unresolved", str(error)) from None
        except RTMPRefused as error:
            raise _refused(error, target) from None
        except RTMPUnreachable as error:
            raise PushFailed("unreachable", _redact(str(error), target)) from None

    async def _open_rtmp(
        self, url: str, target: PushURL, fourccs: Collection[str], via: Sequence[str]
    ) -> Outlet:
        place = await self._egress.resolve(target.host, target.port)
        facts: dict[str, object] = {INSTALLATION: ",".join((self._installation, *via))}
        if fourccs:
            facts["fourCcList"] = sorted(fourccs)
        publisher = RTMPPublisher(
            url,
            timeout_s=CONNECT_S,
            tls=self._tls,
            address=place.address,
            facts=facts,
            ack_bytes=ACK_BYTES,
        )
        await publisher.connect()
        return RTMPOutlet(publisher, target)


class RTMPOutlet:
    def __init__(self, publisher: RTMPPublisher, target: PushURL) -> None:
        self._publisher = publisher
        self._target = target
        self._pulse = Pulse(time.monotonic())

    @property
    def sent_bytes(self) -> int:
        return self._publisher.sent_bytes

    @property
    def has_begun(self) -> bool:
        return True

    async def send(self, tags: Iterable[Tag]) -> None:
        try:
            async with asyncio.timeout(STALL_S):
                await self._publisher.send_all(tags)
        except TimeoutError:
            raise self._stalled() from None
        except RTMPRefused as error:
            raise _refused(error, self._target) from None
        except RTMPUnreachable as error:
            raise self._vanished(error) from None

    def check(self) -> None:
        failure = self._publisher.failure
        if isinstance(failure, RTMPRefused):
            raise _refused(failure, self._target)
        if failure is not None:
            raise self._vanished(failure)
        now_s = time.monotonic()
        of = self._publisher
        vitals = Vitals(of.received_bytes, of.sent_bytes, of.acknowledged_bytes, of.pongs)
        self._pulse.observe(vitals, now_s)
        if self._pulse.is_stalled(now_s):
            raise self._stalled()
        if self._pulse.wants_ping(now_s):
            of.ping()

    async def close(self) -> None:
        await self._publisher.close()

    def abort(self) -> None:
        self._publisher.abort()

    def _stalled(self) -> PushFailed:
        return PushFailed(
            "stalled", f"{self._target.host} keeps its connection and takes nothing any more."
        )

    def _vanished(self, error: RTMPUnreachable) -> PushFailed:
        return PushFailed("vanished", _redact(str(error), self._target))


def _refused(error: RTMPRefused, target: PushURL) -> PushFailed:
    if error.rtmp_status == LOOP_STATUS:
        return PushFailed("loop", str(error))
    return PushFailed("refused", _redact(f"{error.rtmp_status}: {error}", target))


def _redact(text: str, target: PushURL) -> str:
    """A server's words may repeat the stream key, with its query or without."""
    for secret in target.secrets:
        text = text.replace(secret, SECRET)
    return text[:MAX_DETAIL_CHARS]
