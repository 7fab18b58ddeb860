"""Where a journey takes place: in which language, at a desk or on a phone.

A journey that is the same in all of them is marked `@every_scene`, and asks `says` for what the
console says. Two scenes are played by `make test`, the other two by `make soak`.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

import pytest

from tests.messages import CONSOLE, node
from tests.oracles.layout import SIZES

_SCRIPT = Path(__file__).with_name("saying.mjs")


class Scene(NamedTuple):
    """The browser itself speaks the language; a phone has a touch screen, and no mouse hovers."""

    language: Literal["en", "zh"] = "en"
    device: Literal["desk", "phone"] = "desk"

    def __str__(self) -> str:
        return f"{self.language}-{self.device}"

    def context(self) -> dict[str, Any]:
        """What a browser's context is made with."""
        is_phone = self.device == "phone"
        return {
            "locale": {"en": "en-US", "zh": "zh-CN"}[self.language],
            "viewport": SIZES[self.device],
            "is_mobile": is_phone,
            "has_touch": is_phone,
        }


every_scene = pytest.mark.parametrize(
    "scene",
    [
        Scene("en", "desk"),
        Scene("zh", "phone"),
        pytest.param(Scene("en", "phone"), marks=pytest.mark.soak),
        pytest.param(Scene("zh", "desk"), marks=pytest.mark.soak),
    ],
    ids=str,
)


class Says(Protocol):
    """The sentence of a message, `doctor.title`, with the values of its variable parts."""

    def __call__(self, key: str, *values: object) -> str: ...


@pytest.fixture
def scene() -> Scene:
    """An English desk; `@every_scene` says all."""
    return Scene()


@pytest.fixture
def says(scene: Scene, speaker: "Speaker") -> Says:
    return partial(speaker.say, scene.language)


@pytest.fixture(scope="session")
def speaker() -> Iterator["Speaker"]:
    with speaking() as speaker:
        yield speaker


class Speaker:
    """The console's own messages, in a process that can evaluate them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def say(self, language: str, key: str, *values: object) -> str:
        asked, answers = self.process.stdin, self.process.stdout
        assert asked is not None
        assert answers is not None
        print(json.dumps([language, key, *values]), file=asked, flush=True)
        said = json.loads(answers.readline())
        assert isinstance(said, str), f"there is no message {key}: {said}"
        return said


@contextmanager
def speaking() -> Iterator[Speaker]:
    with subprocess.Popen(
        [node(), _SCRIPT.resolve()],
        cwd=CONSOLE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Speaker(process)
