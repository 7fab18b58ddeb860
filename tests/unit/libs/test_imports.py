"""What a service carries with it that only another needs."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("service", ["catalog", "packager", "relay", "transcoder"])
def test_only_who_offers_an_api_imports_fastapi(service: str) -> None:
    code = f"import sys, services.{service}.app; print('fastapi' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "False"


@pytest.mark.parametrize("service", ["catalog", "gateway", "transcoder"])
def test_only_who_looks_for_leaks_imports_numpy(service: str) -> None:
    """It takes as much memory as a service is allowed to be larger by."""
    code = f"import sys, services.{service}.app, libs.launcher.cli; print('numpy' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "False"
