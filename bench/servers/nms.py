"""node-media-server, two generations of it."""

import itertools
import json
import shutil
from typing import ClassVar

from bench import cache, processes
from bench.servers.server import Server, Stream

_OLD_PROGRAM = """
const NodeMediaServer = require(process.argv[2]);
const [rtmp, http] = process.argv.slice(3).map(Number);
new NodeMediaServer({
  logType: 0,
  rtmp: { port: rtmp, chunk_size: 60000, gop_cache: true, ping: 30, ping_timeout: 60 },
  http: { port: http, allow_origin: "*", mediaroot: "./media" },
}).run();
"""


class NMS4(Server):
    """4.4.3, started by its own command."""

    name: ClassVar[str] = "nms-4.4.3"

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)

    def start(self) -> None:
        package = cache.node_media_server("4.4.3")
        config = self.folder / "config.json"
        secret = {"secret": "bench", "expiresIn": "1h", "refreshExpiresIn": "1h"}
        facts = {
            "bind": "127.0.0.1",
            "store": {"path": str(self.folder / "data"), "maxHistory": 100},
            "auth": {
                "play": False, "publish": False, "secret": "",
                "jwt": {**secret, "algorithm": "HS256", "users": []},
            },
            "rtmp": {"port": self.rtmp[1]},
            "http": {"port": self.http[1]},
            "record": {"auto": False, "path": str(self.folder / "record")},
        }  # fmt: skip
        config.write_text(json.dumps(facts))
        program = [node(), package / "bin" / "app.js", "-c", config, "--no-admin"]
        self.process = processes.start(
            program, folder=self.folder, environment={"NODE_ENV": "production"}
        )
        self.await_port(self.rtmp)
        self.await_port(self.http)

    def new_stream(self) -> Stream:
        name = f"s{next(self._numbers)}"
        return Stream(name, push=name, flv=f"/live/{name}.flv")


class NMS2(NMS4):
    """2.7.4, the engine of the system that Weir replaces."""

    name: ClassVar[str] = "nms-2.7.4"

    def start(self) -> None:
        package = cache.node_media_server("2.7.4")
        program = self.folder / "serve.js"
        program.write_text(_OLD_PROGRAM)
        argv = [node(), program, package, str(self.rtmp[1]), str(self.http[1])]
        self.process = processes.start(
            argv, folder=self.folder, environment={"NODE_ENV": "production"}
        )
        self.await_port(self.rtmp)
        self.await_port(self.http)


def node() -> str:
    found = shutil.which("node")
    if found is None:
        raise cache.PeerMissing("node-media-server needs Node 20 or newer.")
    return found
