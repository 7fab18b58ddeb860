"""Functions of the console's sources, called in Node."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.messages import CONSOLE, node


def run(script: str, value: object) -> Any:
    """What a script beside this file prints of a value, each as JSON."""
    said = subprocess.run(
        [node(), Path(__file__).with_name(script)],
        cwd=CONSOLE, input=json.dumps(value), capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return json.loads(said)


def call(file: str, function: str, *values: object) -> Any:
    """A set that is answered comes as a list."""
    return run("calls.mjs", [[file, function, *values]])[0]
