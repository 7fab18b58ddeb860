"""The slow object store, and nginx as a cache before it."""

import sys
from pathlib import Path
from typing import ClassVar

import httpx2

from bench import cache, processes
from bench.servers.server import Server

DELAY_MS = 150
BUCKET = "weir"
_PROGRAM = Path(__file__).parent.parent / "slow_store.py"
_CONFIG = """
user root;
worker_processes 1;
worker_rlimit_nofile 65536;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  proxy_cache_path {folder}/cache keys_zone=media:10m;
  proxy_temp_path {folder}/temp;
  server {{
    listen 127.0.0.1:{http} backlog=2048;
    location / {{
      proxy_pass http://127.0.0.1:{store};
      proxy_http_version 1.1;
      proxy_cache media;
      proxy_cache_valid 200 1h;
      proxy_cache_lock on;
      proxy_cache_lock_timeout 10s;
    }}
  }}
}}
"""


class SlowStore(Server):
    """On the loader's core: it is nobody's subject."""

    name: ClassVar[str] = "store"

    def __init__(self, *, put_delay_ms: int = 0) -> None:
        super().__init__()
        self._put_delay_ms = put_delay_ms

    def start(self) -> None:
        argv = [sys.executable, "-P", _PROGRAM, self.http[1], DELAY_MS, self._put_delay_ms]
        self.process = processes.start(argv, folder=self.folder, core=processes.LOADER_CORE)
        self.await_port(self.http)

    @property
    def store_url(self) -> str:
        return f"s3://key:secret@127.0.0.1:{self.http[1]}/{BUCKET}?secure=false&region=us-east-1"

    def gets(self, key: str) -> int:
        """How often an object was read."""
        return int(self._told(f"gets/{BUCKET}/{key}"))

    def puts(self) -> dict[str, float]:
        """When each object was stored, in Unix seconds, by its key."""
        lines = [line.split() for line in self._told("puts").splitlines()]
        return {path.removeprefix(f"/{BUCKET}/"): float(at) for path, at in lines}

    def die(self, seconds: float) -> None:
        """There is no store from now on, for so long."""
        self._told(f"die/{seconds}")

    def _told(self, what: str) -> str:
        answer = httpx2.get(f"http://127.0.0.1:{self.http[1]}/{what}")
        answer.raise_for_status()
        return answer.text


class NginxCache(Server):
    """`proxy_cache_lock`: one request goes through, the others wait for it."""

    name: ClassVar[str] = "nginx cache lock"

    def __init__(self, store: SlowStore) -> None:
        super().__init__()
        self._store = store

    def start(self) -> None:
        config = self.folder / "nginx.conf"
        config.write_text(
            _CONFIG.format(folder=self.folder, http=self.http[1], store=self._store.http[1])
        )
        argv = [cache.nginx(), "-c", config, "-p", self.folder]
        self.process = processes.start(argv, folder=self.folder)
        self.await_port(self.http)
