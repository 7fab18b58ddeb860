"""nginx with its RTMP module: one worker, RTMP and HLS, no GOP cache (it has none)."""

import itertools
from typing import ClassVar

from bench import cache, processes
from bench.servers.server import Server, Stream

_CONFIG = """
load_module {module};
user root;
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
worker_rlimit_nofile 65536;
events {{ worker_connections 32768; }}
rtmp {{
  access_log off;
  server {{
    listen 127.0.0.1:{rtmp};
    application live {{
      live on;
      {hls}
    }}
  }}
}}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
  server {{ listen 127.0.0.1:{http}; root {folder}/www; }}
}}
"""


class NginxRTMP(Server):
    name: ClassVar[str] = "nginx-rtmp"

    def __init__(self, *, with_hls: bool = False) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        www = self.folder / "www"
        www.mkdir()
        self._hls = f"hls on; hls_path {www}; hls_fragment 2s;" if with_hls else ""

    def start(self) -> None:
        program = cache.nginx()
        config = self.folder / "nginx.conf"
        config.write_text(
            _CONFIG.format(
                module=cache.rtmp_module(),
                folder=self.folder,
                rtmp=self.rtmp[1],
                http=self.http[1],
                hls=self._hls,
            )
        )
        self.process = processes.start(
            [program, "-c", config, "-p", self.folder], folder=self.folder
        )
        self.await_port(self.rtmp)

    def new_stream(self) -> Stream:
        name = f"s{next(self._numbers)}"
        return Stream(name, push=name, flv="")
