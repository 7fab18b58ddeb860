"""The wiring of ingest: settings that contradict each other are refused."""

from pathlib import Path

import pytest

from libs.settings import SettingsInvalid
from services.ingest.app import build_app
from services.ingest.settings import Settings


def test_key_without_a_certificate_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="WEIR_RTMPS_CERT is not"):
        build_app(Settings(rtmps_key=Path("key.pem")))


def test_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"WEIR_RTMPS_CERT.*nowhere\.pem: No such file"):
        build_app(Settings(data_dir=tmp_path, rtmps_cert=tmp_path / "nowhere.pem"))
