"""The figures of what the house stands on."""

import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.bus import LogState, ReaderState
from libs.errors import Unavailable
from libs.storage import open_store
from services.gateway.api.house import House
from services.gateway.settings import GatewaySettings
from tests.unit.services.gateway.conftest import API_KEY, client_of, house_of, settings_of

FACTS = LogState(
    name="FACTS",
    messages=7,
    size_bytes=900,
    max_bytes=1 << 30,
    readers=(ReaderState(name="catalog-stream-published", waiting=3, in_hand=1),),
)


async def figures(client: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/api/v1/system")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def test_bus_database_store_and_disk_are_told(
    client: httpx2.AsyncClient, house: House
) -> None:
    house.neighbours.log_states = [FACTS]  # type: ignore[attr-defined]
    found = await figures(client)
    assert found["bus"] == {"reason": None, "logs": [FACTS.model_dump(mode="json")]}
    assert found["database"]["state"]["kind"] == "sqlite"
    (store,) = found["stores"]
    assert (store["tier"], store["reason"]) == ("hot", None)
    assert store["free_bytes"] > 0
    assert found["traces_url"] is None


async def test_disk_is_where_the_gateway_keeps_its_data(tmp_path: Path) -> None:
    for folder, is_there in ((tmp_path, True), (tmp_path / "absent", False)):
        house = house_of(settings_of(data_dir=folder), tmp_path)
        async with client_of(house, **{"x-api-key": API_KEY}) as client:
            disk = (await figures(client))["disk"]
        assert (disk is not None) == is_there
        assert not is_there or 0 < disk["free_bytes"] <= disk["total_bytes"]


async def test_what_does_not_answer_says_why_and_the_others_are_told(
    client: httpx2.AsyncClient, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(ask: object, *, timeout_s: float = 5) -> object:
        raise Unavailable("nobody answers")

    monkeypatch.setattr(house.catalog, "ask", ask)
    house.neighbours.log_states = None  # type: ignore[attr-defined]
    unmounted = tmp_path / "cold"
    house.store = open_store(f"file://{tmp_path}/hot", f"file://{unmounted}")
    found = await figures(client)
    assert found["bus"] == {"reason": "The bus does not tell of its logs.", "logs": []}
    assert found["database"] == {"reason": "nobody answers", "state": None}
    hot, cold = found["stores"]
    assert hot["reason"] is None
    assert str(unmounted) in cold["reason"]
    assert cold["free_bytes"] is None


async def test_traces_are_looked_at_where_the_settings_say(tmp_path: Path) -> None:
    template = "https://traces.example/trace/{trace}?tab=spans"
    house = house_of(settings_of(traces_url=template), tmp_path)
    async with client_of(house, **{"x-api-key": API_KEY}) as client:
        assert (await figures(client))["traces_url"] == template


@pytest.mark.parametrize(
    "address", ["https://traces.example/", "javascript:alert({trace})", "http://a/{trace} b"]
)
def test_address_that_leads_to_no_trace_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=re.escape("traces_url")):
        GatewaySettings(traces_url=address)
