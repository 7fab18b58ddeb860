"""The internal listener's socket; the rest of a service is tested as a process."""

import socket
from pathlib import Path

import pytest

from libs.service import ListenerRefused, Service
from libs.settings import Settings


def service(
    tmp_path: Path, host: str = "127.0.0.1", port: int = 0, url: str | None = None
) -> Service:
    settings = Settings(data_dir=tmp_path, internal_host=host, internal_port=port, internal_url=url)
    return Service("sample", settings)


def test_listener_says_tcp_so_that_asyncio_sends_without_delay(tmp_path: Path) -> None:
    """Asyncio sets TCP_NODELAY on sockets whose protocol is TCP by name; 0 is not."""
    with service(tmp_path)._bind() as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_url_is_where_it_listens_unless_it_was_told(tmp_path: Path) -> None:
    own = service(tmp_path)
    with own._bind() as listener:
        assert own.url == f"http://127.0.0.1:{listener.getsockname()[1]}"
    named = service(tmp_path, url="http://ingest:9000")
    with named._bind():
        assert named.url == "http://ingest:9000"


def test_a_restart_takes_the_same_port_at_once(tmp_path: Path) -> None:
    """Connections of the process before linger; they must not keep the next one out."""
    with service(tmp_path)._bind() as listener:
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), listener.accept()[0] as accepted:
            accepted.shutdown(socket.SHUT_WR)
    service(tmp_path, port=port)._bind().close()


@pytest.mark.parametrize("host", ["192.0.2.1", "host.invalid"])
def test_address_that_is_not_ours_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(ListenerRefused, match=f"WEIR_INTERNAL_HOST {host}"):
        service(tmp_path, host=host)._bind()
