"""Settings that every service shares; each service adds its own in `services/<name>/settings.py`.

Everything comes from the environment, prefix ``WEIR_``. The launcher sets it in embedded mode,
compose or Kubernetes otherwise: one code path, only settings differ.
"""

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from libs.egress import Network
from libs.errors import Invalid, WeirError

EXIT_FAILED = 1
EXIT_SETTINGS = 78
"""EX_CONFIG of sysexits.h: starting again does not help, somebody must mend the settings."""


class SettingsInvalid(Invalid):
    code = "settings_invalid"


def _instance() -> str:
    """A name for this process that differs from its sisters on other hosts and from its past."""
    return f"{socket.gethostname()}-{os.getpid()}"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="WEIR_", extra="ignore", frozen=True)

    data_dir: Path = Path(".weir")
    """Where a process keeps what must outlive it: spool, replay overflow, embedded store."""
    instance: str = Field(default_factory=_instance)
    """Name of this process in leases, the registry and message sources. Default: host and pid."""

    nats_url: str = "nats://127.0.0.1:4222"
    """Where the NATS server is; without user and password."""
    nats_token: SecretStr | None = None
    """Password of the user `weir` on the bus; never put into the URL, which is logged."""

    internal_host: str = "127.0.0.1"
    """Address on which the internal HTTP listener binds."""
    internal_port: int = Field(default=0, ge=0, le=65535)
    """0: any free port; the others learn it from jobs and the registry."""
    internal_url: str | None = None
    """Base URL by which other services reach this one; default: from host and port."""
    internal_token: SecretStr = SecretStr("")
    """Bearer token of every internal listener, metrics included. Must not be empty."""

    public_url: str = "http://127.0.0.1:8080"
    """Base URL of the gateway as viewers see it; every printed HTTP URL starts with it."""
    rtmp_public_url: str = "rtmp://127.0.0.1:1935"
    """Base URL of ingest as publishers see it."""
    rtmps_public_url: str | None = None
    """The same over TLS; unset: the API names no RTMPS URL."""

    egress_allow: Annotated[tuple[Network, ...], NoDecode] = ()
    """Networks, comma-separated (`10.0.0.0/8,fd00::/8`), that users may name in relay targets and
    the like although they are private; default: none."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """What is logged: this level and worse."""
    log_format: Literal["json", "text"] = "json"
    """An object a line, or lines for people."""

    otlp_endpoint: str | None = None
    """OTLP/HTTP base URL for traces, for example `http://lgtm:4318`; unset: traces are not sent."""
    trace_ratio: float = Field(default=1.0, ge=0.0, le=1.0)
    """Share of new traces that is sampled."""

    @field_validator("egress_allow", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())


@contextlib.contextmanager
def mistakes_said(name: str) -> Iterator[None]:
    """End the process with one line, not a traceback, when what it was told cannot work.

    Exit code `EXIT_SETTINGS` for a mistake in the settings, `EXIT_FAILED` for what may pass.
    """
    try:
        yield
    except ValidationError as error:
        _exit(name, _sentence(error), EXIT_SETTINGS)
    except WeirError as error:
        _exit(name, str(error), EXIT_SETTINGS if isinstance(error, Invalid) else EXIT_FAILED)


def _exit(name: str, reason: str, code: int) -> None:
    sys.stderr.write(f"weir {name}: {reason}\n")
    sys.exit(code)


def _sentence(error: ValidationError) -> str:
    """Each variable and its rule, never its value, which may be a secret."""
    return "; ".join(
        f"WEIR_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
        for item in error.errors(include_input=False, include_url=False)
    )
