"""Users and keys of a whole Weir with two gateways: what one of them ends, the other has ended."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.gateway.access.callers import FRESH_S
from tests.second_gateway import TwoGateways
from tests.waiting import until

pytestmark = pytest.mark.integration

PASSWORD = "long enough for a test"


def cli(two: TwoGateways, *arguments: str) -> str:
    run = subprocess.run(
        [Path(sys.executable).parent / "weir", "--data-dir", two.weir.data_dir, *arguments],
        env=os.environ | {"WEIR_PUBLIC_URL": two.weir.http_url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@dataclass(frozen=True)
class Person:
    """Somebody at one gateway, or a program with a key."""

    url: str
    headers: dict[str, str]

    def at(self, url: str) -> "Person":
        return Person(url, self.headers | {"origin": url})

    def call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return httpx2.request(
            method, f"{self.url}{path}", json=body, headers=self.headers, trust_env=False
        )

    def status(self, path: str) -> int:
        """0: nobody answers."""
        try:
            return self.call("GET", path).status_code
        except httpx2.TransportError:
            return 0


def sign_in(url: str, name: str, password: str = PASSWORD) -> Person:
    answer = httpx2.post(
        f"{url}/api/v1/login", json={"user": name, "password": password}, trust_env=False
    )
    assert answer.status_code == 200, answer.text
    return Person(url, {"origin": url, "cookie": f"weir_session={answer.cookies['weir_session']}"})


def make_user(two: TwoGateways, name: str, role: str = "viewer") -> dict[str, Any]:
    body = {"name": name, "role": role, "password": PASSWORD}
    made: dict[str, Any] = two.weir.call("POST", "/api/v1/users", body)
    return made


async def until_known(person: Person) -> None:
    await until(lambda: person.status("/api/v1/login") == 200, what=f"known at {person.url}")


async def until_refused(person: Person, path: str) -> float:
    """How long it took."""
    began = time.monotonic()
    await until(lambda: person.status(path) == 401, what=f"{path} is refused")
    return time.monotonic() - began


async def test_who_is_disabled_at_one_gateway_is_out_at_the_other_at_once(
    two_gateways: TwoGateways,
) -> None:
    two = two_gateways
    ann = make_user(two, "ann")
    there = sign_in(two.urls[0], "ann").at(two.urls[1])
    await until_known(there)
    two.weir.call("PATCH", f"/api/v1/users/{ann['id']}", {"is_disabled": True})
    took_s = await until_refused(there, "/api/v1/streams")
    assert took_s < FRESH_S / 2, "that was no fact, but a look after a while"


async def test_revoked_key_opens_nothing_at_any_gateway(two_gateways: TwoGateways) -> None:
    two = two_gateways
    made = cli(two, "key", "add", "reader", "--allow", "streams:read", "--streams", "cam-")
    key = made.split()[-1]
    assert key not in cli(two, "key", "list")
    reader = Person(two.urls[1], {"x-api-key": key})
    await until_known(reader)
    assert reader.call("POST", "/api/v1/streams", {"id": "cam-x"}).status_code == 403
    cli(two, "key", "revoke", made.split()[0])
    assert await until_refused(reader, "/api/v1/streams") < FRESH_S / 2


async def test_session_outlives_its_gateway_and_ends_by_signing_out(
    two_gateways: TwoGateways,
) -> None:
    two = two_gateways
    make_user(two, "bob", "operator")
    bob = sign_in(two.urls[0], "bob")
    there = bob.at(two.urls[1])
    two.kill_second()
    two.start_second()
    await until_known(there)
    assert there.call("GET", "/api/v1/login").json()["role"] == "operator"
    assert bob.call("POST", "/api/v1/logout").status_code == 204
    assert await until_refused(there, "/api/v1/login") < FRESH_S / 2


async def test_what_either_gateway_did_is_in_the_audit_log(two_gateways: TwoGateways) -> None:
    two = two_gateways
    make_user(two, "cid", "operator")
    cid = sign_in(two.urls[0], "cid")
    for each in (cid, cid.at(two.urls[1])):
        await until_known(each)
        assert each.call("POST", "/api/v1/users", {}).status_code == 403
        assert each.call("POST", "/api/v1/streams", {"item": {}}).status_code == 201

    def entries() -> list[tuple[str, int]]:
        page = two.weir.call("GET", "/api/v1/audit?actor_name=cid")
        return sorted((entry["route"], entry["status"]) for entry in page["entries"])

    await until(lambda: len(entries()) >= 5, what="five entries of cid")
    assert entries() == [
        ("/api/v1/login", 200),
        ("/api/v1/streams", 201),
        ("/api/v1/streams", 201),
        ("/api/v1/users", 403),
        ("/api/v1/users", 403),
    ]


async def test_users_by_command(two_gateways: TwoGateways) -> None:
    two = two_gateways
    password = cli(two, "user", "add", "Dan", "--role", "operator").split()[-1]
    dan = sign_in(two.urls[0], "dan", password)
    assert "operator" in cli(two, "user", "list")
    cli(two, "user", "role", "dan", "viewer")
    assert dan.call("GET", "/api/v1/login").json()["role"] == "viewer"
    cli(two, "user", "disable", "dan")
    assert dan.status("/api/v1/login") == 401
    assert "disabled" in cli(two, "user", "list")
    cli(two, "user", "enable", "dan")
    sign_in(two.urls[0], "dan", password)
