"""The shipped nginx edge (`deploy/edge`) before a Weir: one worker, no TLS, no log."""

from pathlib import Path
from typing import ClassVar

from bench import cache, processes
from bench.servers.server import Server
from bench.servers.weir import Weir

_SHIPPED = Path(__file__).parents[2] / "deploy" / "edge"
_SITE = """
upstream weir {{
    server 127.0.0.1:{weir};
    keepalive 256;
}}
server {{
    listen 127.0.0.1:{http} backlog=2048;
    access_log off;
    include server.conf;
}}
"""


class Edge(Server):
    """What is shipped is taken as it is, but for the site, paths and the number of workers."""

    name: ClassVar[str] = "nginx edge"

    def __init__(self, weir: Weir) -> None:
        super().__init__()
        self._weir = weir

    def start(self) -> None:
        here = {
            "worker_processes auto": "user root;\nworker_processes 1",
            "/run/nginx.pid": f"{self.folder}/nginx.pid",
            "/var/log/nginx": str(self.folder),
            "/var/cache/nginx": f"{self.folder}/cache",
        }
        for file in _SHIPPED.glob("*.conf"):
            text = file.read_text()
            for shipped, placed in here.items():
                text = text.replace(shipped, placed)
            (self.folder / file.name).write_text(text)
        site = _SITE.format(weir=self._weir.http[1], http=self.http[1])
        (self.folder / "site.conf").write_text(site)
        (self.folder / "cache").mkdir()
        argv = [cache.nginx(), "-c", self.folder / "nginx.conf", "-p", self.folder]
        self.process = processes.start([*argv, "-g", "daemon off;"], folder=self.folder)
        self.await_port(self.http)
