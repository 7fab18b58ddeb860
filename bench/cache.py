"""Where inputs and peers are kept between runs: outside the checkout, made on first use."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

NMS_VERSIONS = ("4.4.3", "2.7.4")


class PeerMissing(Exception):
    """A peer that cannot be had here; its rows then report *not measurable*."""


def folder() -> Path:
    """`WEIR_BENCH_CACHE`, else a folder in the user's cache."""
    chosen = os.environ.get("WEIR_BENCH_CACHE")
    path = Path(chosen) if chosen else Path.home() / ".cache" / "weir-bench"
    path.mkdir(parents=True, exist_ok=True)
    return path


def node_media_server(version: str) -> Path:
    """The folder of `node-media-server`, installed with npm if it is not there yet."""
    home = folder() / f"nms-{version}"
    package = home / "node_modules" / "node-media-server"
    if not (package / "package.json").exists():
        npm = shutil.which("npm")
        if npm is None:
            raise PeerMissing("node-media-server needs npm; install Node 20 or newer.")
        home.mkdir(parents=True, exist_ok=True)
        argv = [npm, "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts"]
        run = subprocess.run(
            [*argv, "--prefix", home, f"node-media-server@{version}"], check=False, cwd=home
        )
        if run.returncode:
            raise PeerMissing(f"npm could not install node-media-server {version}.")
    return package


def weir() -> Path:
    """The command `weir` as a user has it: beside the pinned packages, and none of the tests'."""
    checkout = Path(__file__).parents[1]
    pinned = checkout / "requirements" / "main.txt"
    number = hashlib.sha256(pinned.read_bytes() + str(checkout).encode()).hexdigest()[:12]
    home = folder() / f"weir-{number}"
    command = home / "bin" / "weir"
    if not command.exists():
        install: list[str | Path] = [home / "bin" / "pip", "install", "--quiet"]
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([*install, "--require-hashes", "--requirement", pinned], check=True)
        own: list[str | Path] = ["--no-deps", "--no-build-isolation", "--editable", checkout]
        subprocess.run([*install, *own], check=True)
    return command


def nginx() -> str:
    """Nginx with its RTMP module, as Debian packages them."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found is None or not rtmp_module().exists():
        raise PeerMissing("nginx-rtmp is missing: apt-get install nginx libnginx-mod-rtmp")
    return found


def rtmp_module() -> Path:
    return Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
