"""Every route, every verb, everybody: who may call what, against the table beside this.

A route that is not in the table fails, and so does a line of the table that is no route.
"""

import re

import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from fastapi.routing import iter_route_contexts

from libs.events import CreateStream, ListAudit
from libs.permissions import ALL, OF_THE_INSTALLATION, Role
from services.gateway.api.app import build_api
from tests.integration.access.belongings import OTHERS, bring
from tests.integration.access.callers import CALLERS, PREFIX, SCOPE, populate
from tests.integration.access.conftest import ACCESS_KEY_ID, SECRET_ACCESS_KEY, Installation
from tests.integration.access.table import MAY, NAMES, OF_ROLES, Line, lines

pytestmark = pytest.mark.integration

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SAFE = {"GET", "HEAD", "OPTIONS"}
UNKNOWN = {
    "nobody": (401, "api_key_wrong"),
    "revoked key": (401, "api_key_wrong"),
    "expired key": (401, "api_key_wrong"),
    "expired session": (401, "session_ended"),
    "ended session": (401, "session_ended"),
    "disabled user": (401, "session_ended"),
}


NAMING = [
    line for line in lines()
    if ":" in line.needs and not line.needs.startswith("signed") and "{" in line.path
]  # fmt: skip
"""Routes for whoever may, of something that has a name."""
LISTED = re.compile('(?<=")(?:' + "|".join(map(re.escape, NAMES.values())) + ')(?=")')
ALONE_AND_BELOW: tuple[dict[str, str], ...] = ({}, {"stream_id": "own"})
BROUGHT = {
    "/api/v1/streams/{stream_id}",
    "/api/v1/streams/{stream_id}/clips/{clip_id}",
    "/api/v1/streams/{stream_id}/relay-targets/{target_id}",
    "/api/v1/sessions/{session}",
    "/api/v1/images/{image}",
    "/api/v1/jobs/{job}",
    "/api/v1/uploads/{upload_id}",
    "/api/v1/assets/{asset_id}",
    "/api/v1/tenants/{tenant_id}",
    "/api/v1/users/{user_id}",
    "/api/v1/webhooks/{webhook_id}",
    "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}",
}


def test_table_has_every_route_and_nothing_else() -> None:
    there = {
        (method, route.path)
        for route in iter_route_contexts(build_api().routes)
        for method in route.methods or ()
    }
    written = {(line.method, line.path) for line in lines()}
    assert there == written | {("GET", "/openapi.json"), ("HEAD", "/openapi.json")}
    assert len(lines()) == len(written)


def test_roles_are_those_of_the_table() -> None:
    assert {line.split()[0] for line in MAY.strip().split("\n")} == {each.value for each in ALL}
    for role in Role:
        assert {each.value for each in role.permissions} == OF_ROLES[role]


@pytest.mark.parametrize("caller", CALLERS)
async def test_every_caller_gets_what_the_table_says_of_every_route(
    weir: Installation, caller: str
) -> None:
    await populate(weir)
    client = await CALLERS[caller](weir)
    wrong = []
    for line in lines():
        if line.path == "/api/v1/logout" and caller != "nobody":
            continue  # it would end the session: see below
        answer = await call(client, line.method, line.url)
        wanted = expected(line, caller)
        code = code_of(answer)
        if line.method == "HEAD" and wanted:
            wanted = (wanted[0], code)  # it has no body to say so
        is_right = wanted == (answer.status_code, code) if wanted else is_through(answer)
        if not is_right:
            wrong.append(f"{line.method} {line.path}: {answer.status_code} {code}, not {wanted}")
    assert wrong == []


@pytest.mark.parametrize("caller", ["nobody", "viewer", "owner", "key of the settings"])
async def test_verbs_that_no_route_has_do_nothing(weir: Installation, caller: str) -> None:
    await populate(weir)
    client = await CALLERS[caller](weir)
    written = {(line.method, line.url) for line in lines()}
    wrong = []
    for url in sorted({line.url for line in lines()}):
        for verb in VERBS:
            if (verb, url) not in written:
                answer = await call(client, verb, url)
                if answer.status_code not in (401, 403, 404, 405, 422):
                    wrong.append(f"{verb} {url}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "http://evil.test"},
        {"origin": "null"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.test", "sec-fetch-site": "same-origin"},
    ],
)
async def test_every_write_by_cookie_from_elsewhere_is_refused(
    weir: Installation, headers: dict[str, str]
) -> None:
    client = await weir.signed_in()
    del client.headers["origin"]
    client.headers.update(headers)
    asked = [line for line in lines() if line.needs in {"known", "account"} or ":" in line.needs]
    writes = [
        line for line in asked if line.method not in _SAFE and not line.needs.startswith("signed")
    ]
    writes.append(Line("POST", "/api/v1/logout", "known"))
    assert len(writes) > 40
    answers = {line: await call(client, line.method, line.url) for line in writes}
    wrong = {
        (line.method, line.path): answer.status_code
        for line, answer in answers.items()
        if (answer.status_code, code_of(answer)) != (403, "foreign_origin")
    }
    assert wrong == {}
    assert (await client.get("/api/v1/login")).status_code == 200, "nothing has ended"


async def test_signed_requests_are_let_in_and_others_are_not(weir: Installation) -> None:
    await populate(weir)
    client = weir.client()
    signed = [line for line in lines() if line.needs.startswith("signed")]
    assert len(signed) == 16
    for line in signed:
        # What goes on and on is signed as empty.
        body = b"" if line.path == "/putMedia" else b"{}"
        right = sign(line, body, SECRET_ACCESS_KEY)
        assert is_through(await client.post(line.url, content=body, headers=right)), line
        wrong = sign(line, body, "another secret")
        assert (await client.post(line.url, content=body, headers=wrong)).status_code == 401, line


async def test_every_write_is_in_the_audit_log_and_no_read(weir: Installation) -> None:
    await populate(weir)
    client = await CALLERS["key of the settings"](weir)
    asked = [line for line in lines() if ":" in line.needs]
    for line in asked:
        body = b"" if line.path == "/putMedia" else b"{}"
        if line.needs.startswith("signed"):
            headers = sign(line, body, SECRET_ACCESS_KEY)
            await weir.client().post(line.url, content=body, headers=headers)
        else:
            await call(client, line.method, line.url)
    weir.house.access.trail.flush()
    await weir.bus.tell()
    entries = (await weir.bus.ask(ListAudit(tenant="default"))).entries
    noted = {(entry.method, entry.route) for entry in entries}
    writes = {
        (line.method, line.path)
        for line in asked
        if not line.needs.endswith(":read") and line.method != "HEAD"
    }
    pieces = {("PATCH", "/api/v1/uploads/{upload_id}")}
    assert noted == writes - pieces
    assert {entry.actor_kind for entry in entries} == {"api_key", "access_key"}


async def test_what_is_another_tenants_is_as_if_it_were_not_there(weir: Installation) -> None:
    """Whatever is named, alone or below a stream of one's own; and nothing of it changes."""
    await populate(weir)
    await bring(weir)
    owner = await CALLERS["key of the settings"](weir)
    client = await CALLERS["key of another tenant"](weir)
    await weir.bus.ask(CreateStream(tenant="acme", id="own", item={}))
    before = await everything(owner)
    default, wrong = {"tenant_id": "default"}, list[object]()
    for line in NAMING:
        names_more = line.is_of_one_stream and line.path.count("{") > 1
        for own in ALONE_AND_BELOW if names_more else ALONE_AND_BELOW[:1]:
            theirs = await call(client, line.method, line.url_of(default | own))
            nothing = await call(client, line.method, line.url_of(OTHERS | own))
            seen, wanted = outcome(theirs, default), outcome(nothing)
            if seen != wanted:
                wrong.append((line.method, line.path, seen, wanted))
    assert wrong == []
    assert await everything(owner) == before
    there = {line.path for line, answer in before.items() if answer[0] == 200}
    assert there >= BROUGHT, "or this test sees nothing"


async def test_lists_have_nothing_of_another_tenant(weir: Installation) -> None:
    await populate(weir)
    await bring(weir)
    owner = await CALLERS["key of the settings"](weir)
    client = await CALLERS["key of another tenant"](weir)
    seen: set[str] = set()
    for line in lines():
        if line.method != "GET" or ":" not in line.needs or "{" in line.path:
            continue
        for url in (line.path, f"{line.path}?stream={NAMES['stream_id']}"):
            assert names_in(await call(client, "GET", url)) == set(), url
            seen |= names_in(await call(owner, "GET", url))
    assert seen == {
        "stream_id", "stream", "session", "job", "upload_id", "asset_id", "user_id", "key_id",
        "webhook_id", "domain_id", "device",
    }, "or this test sees nothing"  # fmt: skip


async def test_what_a_limited_key_is_refused_it_is_refused_in_words(weir: Installation) -> None:
    await populate(weir)
    client = await CALLERS["limited key"](weir)
    answer = await client.get("/api/v1/streams/shut")
    assert (answer.status_code, answer.json()["code"]) == (403, "key_limited")
    assert PREFIX in answer.json()["detail"]


# --- what is expected -----------------------------------------------------------------------------


def expected(line: Line, caller: str) -> tuple[int, str] | None:
    """Status and code of the refusal; None: it is let through."""
    if line.needs.startswith("signed"):
        return 401, "NotAuthorizedException"
    match line.needs:
        case "anybody":
            return None
        case "presigned":
            return 403, ""
        case "watching":
            return None if can_watch(caller) else (403, "")
        case "viewer":
            return 403, ""
    return UNKNOWN.get(caller) or expected_of_known(line, caller)


def expected_of_known(line: Line, caller: str) -> tuple[int, str] | None:
    if line.needs not in {"known", "account", *held(caller)}:
        return 403, "permission_lacking"
    if caller == "limited key" and not is_within_limit(line):
        return 403, "key_limited"
    if line.needs == "account" and "key" in caller and line.method != "PUT":
        return 403, "no_account"
    return None


def held(caller: str) -> set[str]:
    if caller in {"viewer", "operator", "owner"}:
        return OF_ROLES[Role(caller)]
    if caller == "key of another tenant":
        return {each.value for each in ALL - OF_THE_INSTALLATION}
    return {SCOPE.value} if caller == "scoped key" else {each.value for each in ALL}


def can_watch(caller: str) -> bool:
    """The stream `shut` is watched with a viewer token, or by whoever may read recordings."""
    return caller in {"viewer", "operator", "owner", "owner of the settings", "key of the settings"}


def is_within_limit(line: Line) -> bool:
    """It names a stream that the key is for, or leaves the others out."""
    return line.is_of_one_stream or (line.method, line.path) in {
        ("GET", "/api/v1/login"),
        ("GET", "/api/v1/streams"),
    }


def is_through(answer: httpx2.Response) -> bool:
    return answer.status_code not in (401, 403, 500)


def outcome(answer: httpx2.Response, named: dict[str, str] = NAMES) -> tuple[int, str, str]:
    """But for the names that were asked for, and the time."""
    text = re.sub('"measured_at":"[^"]+"', "", answer.text)
    for name, value in OTHERS.items():
        text = re.sub(rf"(?<![\w-]){re.escape((NAMES | named)[name])}(?![\w-])", value, text)
    return answer.status_code, code_of(answer), text


async def everything(client: httpx2.AsyncClient) -> dict[Line, tuple[int, str, str]]:
    """What is read of all that has a name."""
    reads = [line for line in NAMING if line.method == "GET"]
    return {line: outcome(await call(client, line.method, line.url)) for line in reads}


def names_in(answer: httpx2.Response) -> set[str]:
    """Of which things there is one of `bring` in it."""
    found = LISTED.findall(answer.text)
    return {name for name in OTHERS if NAMES[name] in found} - {"tenant_id"}


def code_of(answer: httpx2.Response) -> str:
    if "x-amz-errortype" in answer.headers:
        return answer.headers["x-amz-errortype"]
    is_problem = answer.headers.get("content-type", "").startswith("application/problem")
    return str(answer.json()["code"]) if is_problem and answer.content else ""


async def call(client: httpx2.AsyncClient, method: str, url: str) -> httpx2.Response:
    headers = {"tus-resumable": "1.0.0"}
    if method in _SAFE or method == "DELETE":
        return await client.request(method, url, headers=headers)
    return await client.request(method, url, json={}, headers=headers)


def sign(line: Line, body: bytes, secret: str) -> dict[str, str]:
    request = AWSRequest("POST", f"http://weir.test{line.url}", data=body)
    SigV4Auth(Credentials(ACCESS_KEY_ID, secret), "kinesisvideo", "us-east-1").add_auth(request)
    return dict(request.headers.items())
