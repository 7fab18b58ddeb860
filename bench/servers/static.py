"""nginx that serves files, one worker, `sendfile` on: what static serving costs."""

from typing import ClassVar

from bench import cache, processes
from bench.servers.server import Server

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
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache max=100;
  server {{ listen 127.0.0.1:{http} backlog=2048; root {folder}/www; }}
}}
"""


class NginxStatic(Server):
    name: ClassVar[str] = "nginx static"

    def start(self) -> None:
        (self.folder / "www").mkdir()
        config = self.folder / "nginx.conf"
        config.write_text(_CONFIG.format(folder=self.folder, http=self.http[1]))
        argv = [cache.nginx(), "-c", config, "-p", self.folder]
        self.process = processes.start(argv, folder=self.folder)
        self.await_port(self.http)

    def put(self, name: str, data: bytes) -> str:
        """A file; the path to ask for."""
        (self.folder / "www" / name).write_bytes(data)
        return f"/{name}"
