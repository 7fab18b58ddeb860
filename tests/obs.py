"""A real OBS Studio that streams: a home of its own, a virtual screen, and a scene with a clock."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.pattern import CODE_ROWS, HEIGHT, RATE, WIDTH
from tests.required import lacking
from tests.time_code import BLOCKS

INSTALL = "apt-get install --no-install-recommends obs-studio xvfb libgl1-mesa-dri"
NAME = "Weir"
SCREEN_S = 20.0

GLOBAL = f"""\
[General]
FirstRun=true
Pre19Defaults=false
Pre21Defaults=false
Pre23Defaults=false
Pre24.1Defaults=false
EnableAutoUpdates=false
[Basic]
Profile={NAME}
ProfileDir={NAME}
SceneCollection={NAME}
SceneCollectionFile={NAME}
ConfigOnNewProfile=false
"""
"""Nothing asks a question: neither the wizard of the first run nor the updater."""

PROFILE = f"""\
[General]
Name={NAME}
[Video]
BaseCX={WIDTH}
BaseCY={HEIGHT}
OutputCX={WIDTH}
OutputCY={HEIGHT}
FPSType=1
FPSInt={RATE}
[Output]
Mode=Simple
[SimpleOutput]
VBitrate=800
ABitrate=96
StreamEncoder=x264
UseAdvanced=true
Preset=veryfast
x264Settings=keyint={2 * RATE} scenecut=0 tune=zerolatency
"""


class OBSStudio:
    """Streams to `server` with `stream_key`, the two fields of Settings → Stream → Custom."""

    def __init__(self, home: Path, *, server: str, stream_key: str) -> None:
        self._home = home
        self._server, self._stream_key = server, stream_key
        self._processes: list[asyncio.subprocess.Process] = []

    async def __aenter__(self) -> Self:
        for program in ("obs", "Xvfb"):
            if shutil.which(program) is None:
                packages = "obs-studio xvfb libgl1-mesa-dri"
                lacking(
                    "OBS Studio", f"Debian: `apt-get install --no-install-recommends {packages}`."
                )
        self._write_home()
        display = await self._start_screen()
        argv = [
            "obs", "--startstreaming", "--profile", NAME, "--collection", NAME, "--multi",
            "--disable-updater", "--disable-missing-files-check",
        ]  # fmt: skip
        environment = os.environ | {
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home / ".config"),
            "XDG_RUNTIME_DIR": str(self._home),
            "DISPLAY": display,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "QT_QPA_PLATFORM": "xcb",
        }
        await self._start(argv, environment)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def log(self) -> str:
        """What OBS said so far."""
        return (self._home / "said.log").read_text(errors="replace")

    # --- processes ------------------------------------------------------------------

    async def _start_screen(self) -> str:
        """A virtual screen; the server itself chooses a free number and says it."""
        reading, writing = os.pipe()
        await self._start(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"],
            os.environ | {"LIBGL_ALWAYS_SOFTWARE": "1"},
            keep_open=(writing,),
        )
        os.close(writing)
        with os.fdopen(reading) as said:
            number = await asyncio.wait_for(asyncio.to_thread(said.readline), SCREEN_S)
        assert number.strip().isdigit(), self.log()
        return f":{number.strip()}"

    async def _start(
        self, argv: list[str], environment: dict[str, str], *, keep_open: tuple[int, ...] = ()
    ) -> None:
        with (self._home / "said.log").open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=keep_open,
                start_new_session=True,
            )
        self._processes.append(process)

    # --- OBS's own files ------------------------------------------------------------

    def _write_home(self) -> None:
        folder = self._home / ".config" / "obs-studio"
        profile = folder / "basic" / "profiles" / NAME
        scenes = folder / "basic" / "scenes"
        for path in (profile, scenes):
            path.mkdir(parents=True)
        (folder / "global.ini").write_text(GLOBAL)
        (profile / "basic.ini").write_text(PROFILE)
        destination = {"server": self._server, "key": self._stream_key, "use_auth": False}
        service = {"type": "rtmp_custom", "settings": destination}
        (profile / "service.json").write_text(json.dumps(service))
        (scenes / f"{NAME}.json").write_text(json.dumps(_collection()))


def _collection() -> dict[str, Any]:
    """A grey picture with a row of blocks on top, which the script paints."""
    block = {"width": WIDTH // BLOCKS, "height": CODE_ROWS, "color": 0xFF000000}
    sources = [_colour("ground", {"width": WIDTH, "height": HEIGHT, "color": 0xFF6E6E6E})]
    sources += [_colour(f"block {index}", block) for index in range(BLOCKS)]
    items = [
        {
            "id": number, "name": source["name"], "visible": True, "scale": {"x": 1.0, "y": 1.0},
            "pos": {"x": float(max(0, number - 1) * (WIDTH // BLOCKS)), "y": 0.0},
        }
        for number, source in enumerate(sources)
    ]  # fmt: skip
    scene = {
        "id": "scene", "versioned_id": "scene", "name": "Scene",
        "settings": {"id_counter": len(items), "items": items},
    }  # fmt: skip
    script = {"path": str(Path(__file__).with_name("obs_clock.py")), "settings": {}}
    return {
        "name": NAME, "current_scene": "Scene", "current_program_scene": "Scene",
        "scene_order": [{"name": "Scene"}], "sources": [*sources, scene], "groups": [],
        "transitions": [], "modules": {"scripts-tool": [script]},
    }  # fmt: skip


def _colour(name: str, settings: dict[str, int]) -> dict[str, Any]:
    kind = "color_source_v3"
    return {"id": "color_source", "versioned_id": kind, "name": name, "settings": settings}
