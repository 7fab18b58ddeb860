"""A Weir with two gateways, which believe what a proxy on this machine says of addresses."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.ports import free_port
from tests.running import RunningWeir
from tests.waiting import until

TRUSTS_US = {"WEIR_TRUSTED_PROXIES": "127.0.0.0/8"}
_SECOND = "gateway-2"


@dataclass
class TwoGateways:
    weir: RunningWeir
    second_port: int = field(default_factory=free_port)

    @property
    def urls(self) -> tuple[str, str]:
        return self.weir.http_url, f"http://127.0.0.1:{self.second_port}"

    def start_second(self) -> None:
        self.weir.added.pop(_SECOND, None)
        self.weir.add("gateway", WEIR_HTTP_PORT=str(self.second_port))
        assert _SECOND in self.weir.added

    def kill_second(self) -> None:
        process = self.weir.added[_SECOND]
        process.kill()
        process.wait()

    async def until_served(self, stream_id: str) -> None:
        """Until the second gateway plays the stream, or says that it is not for everybody."""
        url = f"{self.urls[1]}/{stream_id}/live.m3u8"
        await until(lambda: _is_served(url), what=f"{stream_id} on the second gateway")


def _is_served(url: str) -> bool:
    try:
        return httpx2.get(url).status_code in (200, 403)
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
def two_gateways(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoGateways]:
    two = TwoGateways(RunningWeir(tmp_path_factory.mktemp("two"), dict(TRUSTS_US)))
    two.weir.start()
    try:
        two.start_second()
        yield two
    finally:
        two.weir.stop()
