"""The secrets of one installation: made once, kept in `credentials.json` (0600)."""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Self

from libs.launcher.errors import CredentialsMissing, CredentialsUnreadable, DataDirUnusable

NAME = "credentials.json"


def _token() -> str:
    return secrets.token_hex(24)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Every secret, each random by default, and the environment variable that carries it."""

    api_key: str = field(default_factory=_token)
    admin_user: str = "admin"
    admin_password: str = field(default_factory=lambda: secrets.token_urlsafe(15))
    push_secret: str = field(default_factory=_token)
    access_key_id: str = field(default_factory=lambda: "WEIR" + secrets.token_hex(8).upper())
    secret_access_key: str = field(default_factory=lambda: secrets.token_urlsafe(30))
    internal_token: str = field(default_factory=_token)
    nats_token: str = field(default_factory=_token)

    @classmethod
    def load(cls, data_dir: Path) -> Self:
        """Read `data_dir/credentials.json`; make and write what is missing there."""
        path = data_dir / NAME
        known = _read(path) if path.exists() else {}
        names = {item.name for item in fields(cls)}
        credentials = cls(**{name: value for name, value in known.items() if name in names})
        if asdict(credentials) != known:
            try:
                credentials._write(path)
            except OSError as error:
                raise DataDirUnusable(f"{path} cannot be written ({error.strerror}).") from None
        return credentials

    @classmethod
    def of_installation(cls, data_dir: Path) -> Self:
        """Those of a Weir that was started before. Raises `CredentialsMissing`."""
        if not (data_dir / NAME).exists():
            raise CredentialsMissing(
                f"{data_dir} holds no credentials: no Weir was started there. Start one with "
                "`weir up`, name its folder with --data-dir, or set WEIR_API_KEY."
            )
        return cls.load(data_dir)

    def _write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(self), file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)

    def environment(self) -> dict[str, str]:
        return {f"WEIR_{name.upper()}": value for name, value in asdict(self).items()}

    def overridden_by(self, environment: Mapping[str, str]) -> Self:
        """The same, with what the operator set by hand; never written to the file."""
        given = {
            name: environment[variable]
            for name in asdict(self)
            if environment.get(variable := f"WEIR_{name.upper()}")
        }
        return replace(self, **given)


def _read(path: Path) -> dict[str, str]:
    try:
        known = json.loads(path.read_text())
    except (ValueError, OSError) as error:
        reason = str(error)
    else:
        if isinstance(known, dict) and all(isinstance(value, str) for value in known.values()):
            return known
        reason = "it is no object of strings"
    raise CredentialsUnreadable(
        f"{path} cannot be read ({reason}); restore it from a backup, or move it away to "
        "have new secrets made (push URLs and API keys then change)."
    )
