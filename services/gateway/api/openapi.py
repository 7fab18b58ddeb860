"""Writes the OpenAPI document: `python -m services.gateway.api.openapi [file]`.

The committed copy is `docs/reference/openapi.json`; a test says when it is not current.
"""

import json
import sys
from pathlib import Path

from services.gateway.api.app import build_api

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"


def document() -> str:
    """The document as it is committed: sorted by nothing, two spaces, one line feed at the end."""
    return json.dumps(build_api().openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
