import pytest
from pydantic import Field

from docs.generator import docstrings, settings
from libs.settings import Settings
from services.gateway.settings import GatewaySettings


class Wordless(Settings):
    depth_m: int = Field(default=3, ge=1)


def test_words_below_a_field_are_found_and_a_subclass_keeps_its_parents() -> None:
    words = docstrings.of_fields(GatewaySettings)
    assert words["max_viewers"] == "FLV viewers on this gateway; one more gets 503."
    assert words["trace_ratio"] == "Share of new traces that is sampled."


def test_field_without_words_is_refused() -> None:
    with pytest.raises(docstrings.Undocumented, match=r"Wordless\.depth_m"):
        dict(settings.rows(Wordless, less=Settings.model_fields))
