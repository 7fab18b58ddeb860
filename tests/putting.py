"""The example's upload, for tests."""

import importlib.util
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libs.ffmpeg import find_ffmpeg
from tests.running import RunningWeir

EXAMPLE = Path(__file__).parents[1] / "examples" / "put_media.py"
PutMedia = Callable[..., Iterator[dict[str, object]]]


@pytest.fixture
def put_media(weir: RunningWeir, monkeypatch: pytest.MonkeyPatch) -> PutMedia:
    """`put_media` of the example, with the keys of the Weir."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", weir.credentials["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", weir.credentials["secret_access_key"])
    spec = importlib.util.spec_from_file_location("put_media", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: PutMedia = module.put_media
    return found


def as_matroska(source: Path, *options: str) -> bytes:
    """As devices send it: a cluster for each keyframe, and no sizes."""
    path = source.with_suffix(".mkv")
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-y", "-i", str(source), *options]
    cluster = ["-cluster_time_limit", "20000", "-cluster_size_limit", "50000000", "-live", "1"]
    subprocess.run([*argv, "-c", "copy", "-f", "matroska", *cluster, str(path)], check=True)
    return path.read_bytes()
