"""A signed stream through a CDN that verifies signatures, caches, and is known by its secret."""

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.cloudfront import KEY_PAIR_ID, CloudFront
from tests.edge import RunningEdge
from tests.integration.edge.conftest import OnAir
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import wait_until

SECRET, NEXT_SECRET = "s" * 32, "n" * 64
VIEWERS = 10


@pytest.fixture(scope="module")
def cdn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudFront]:
    distribution = CloudFront(tmp_path_factory.mktemp("cdn"), secret=SECRET)
    distribution.start()
    yield distribution
    distribution.stop()


@pytest.fixture(scope="module")
def edge_weir(cdn: CloudFront, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    settings = {
        "WEIR_TRUSTED_PROXIES": "127.0.0.1",
        "WEIR_CDN_URL": cdn.url,
        "WEIR_CDN_KEY_PAIR_ID": KEY_PAIR_ID,
        "WEIR_CDN_PRIVATE_KEY_FILE": str(cdn.keys.private),
        "WEIR_CDN_ORIGIN_SECRETS": f"{SECRET},{NEXT_SECRET}",
    }
    running = RunningWeir(tmp_path_factory.mktemp("weir"), settings)
    try:
        running.start()
        cdn.origin = running.http_url
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def signed(edge_weir: RunningWeir, on_air: OnAir) -> str:
    """The id of a signed stream that is on air, and may go through the CDN."""
    stream = on_air.publish(name="signed", viewPolicy="signed", isCDNAllowed=True)
    asyncio.run(until_live(edge_weir, stream))
    return stream


@pytest.fixture(scope="module")
def shut(edge_weir: RunningWeir, on_air: OnAir) -> str:
    """The same of one that may not."""
    stream = on_air.publish(name="shut", viewPolicy="signed")
    asyncio.run(until_live(edge_weir, stream))
    return stream


def link_to(weir: RunningWeir, stream: str, **claims: Any) -> dict[str, Any]:
    made: dict[str, Any] = weir.call("POST", f"/api/v1/streams/{stream}/cdn-links", claims)
    return made


def cookie(link: dict[str, Any]) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in link["cookies"].items())}


def get(url: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    return httpx2.get(url, headers=headers or {}, timeout=20, trust_env=False)


def segment_of(link: dict[str, Any]) -> str:
    """URL of the newest segment."""
    listed = get(f"{link['folder']}source/video.m3u8", cookie(link)).raise_for_status().text
    names = re.findall(r"^\.\./(\S+\.video\.m4s)$", listed, re.MULTILINE)
    return f"{link['folder']}{names[-1]}"


def test_ffprobe_plays_a_signed_stream_by_its_cookies(
    cdn: CloudFront, edge_weir: RunningWeir, signed: str
) -> None:
    link = link_to(edge_weir, signed, address="127.0.0.0/8")
    for url in (link["playback"]["hls"], link["playback"]["dash"]):
        argv = ["ffprobe", "-v", "error", "-headers", f"Cookie: {cookie(link)['cookie']}\r\n"]
        argv += ["-read_intervals", "%+2", "-count_packets", "-of", "json"]
        argv += ["-show_entries", "stream=codec_name,nb_read_packets", url]
        probed = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        assert probed.returncode == 0, probed.stderr
        streams = json.loads(probed.stdout)["streams"]
        packets = {each["codec_name"]: int(each["nb_read_packets"]) for each in streams}
        assert packets.keys() == {"h264", "aac"}
        assert all(packets.values())


def test_viewers_share_what_the_cdn_keeps_and_are_not_counted(
    cdn: CloudFront, edge_weir: RunningWeir, signed: str
) -> None:
    links = [link_to(edge_weir, signed) for _ in range(VIEWERS)]
    url = segment_of(links[0])
    answers = [get(f"{url}?{link['query']}") for link in links]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert cdn.asked.count(url.removeprefix(cdn.url)) == 1
    assert answers[-1].headers["x-cache"] == "Hit from cloudfront"
    assert answers[-1].headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("live.m3u8", "source/video.m3u8", "manifest.mpd"):
        playlist = get(links[0]["folder"] + name, cookie(links[0]))
        assert re.search(r"s-maxage=[1-9]", playlist.headers["cache-control"]), name
        assert "/~" not in playlist.text
        assert "~" not in playlist.text
    seen = edge_weir.call("GET", f"/api/v1/streams/{signed}/viewers")
    assert (seen["counts"]["total"], seen["viewers"]) == (0, [])


def test_cdn_refuses_what_the_policy_does_not_allow(
    cdn: CloudFront, edge_weir: RunningWeir, signed: str, shut: str
) -> None:
    link = link_to(edge_weir, signed)
    url = segment_of(link)
    assert get(url).text == "MissingKey"
    foreign = f"{cdn.url}/{shut}/live.m3u8"
    assert get(foreign, cookie(link)).text == "WrongResource"
    assert get(f"{cdn.url}/{signed}x/live.m3u8", cookie(link)).text == "WrongResource"
    assert get(f"{cdn.url}/~x/{signed}/live.m3u8", cookie(link)).text == "WrongResource"
    elsewhere = link_to(edge_weir, signed, address="192.0.2.7")
    assert get(url, cookie(elsewhere)).text == "WrongAddress"
    later = link_to(edge_weir, signed, starts_in_s=600)
    assert get(url, cookie(later)).text == "NotYet"
    altered = link["cookies"] | {"CloudFront-Policy": elsewhere["cookies"]["CloudFront-Policy"]}
    assert get(url, cookie({"cookies": altered})).text == "InvalidSignature"
    short = link_to(edge_weir, signed, expires_in_s=1)
    wait_until(lambda: get(url, cookie(short)).text == "Expired", what="the end of the link")
    assert get(url, cookie(link)).status_code == 200


def test_origin_gives_the_cdn_what_it_may_have_and_nothing_else(
    edge_weir: RunningWeir, signed: str, shut: str
) -> None:
    root = edge_weir.http_url
    known = {"x-weir-cdn": SECRET}
    for secret in (SECRET, NEXT_SECRET):
        playlist = get(f"{root}/{signed}/source/video.m3u8", {"x-weir-cdn": secret})
        assert playlist.status_code == 200
    for path, headers, reason in (
        (f"/{signed}/live.m3u8", {}, "viewer_token_missing"),
        (f"/{signed}/live.m3u8", {"x-weir-cdn": "w" * 32}, "cdn_unknown"),
        (f"/{signed}/live.m3u8", {"x-weir-cdn": ""}, "cdn_unknown"),
        (f"/{shut}/live.m3u8", known, "cdn_not_allowed"),
        (f"/{signed}/live.flv", known, "viewer_token_missing"),
        (f"/~h{'A' * 21}/{signed}/live.m3u8", known, "viewer_token_missing"),
        (f"/~{'A' * 60}/{signed}/live.m3u8", known, "viewer_token_wrong"),
    ):
        refused = get(root + path, headers)
        assert refused.status_code == 403, path
        assert refused.headers["x-weir-reason"] == reason, path
        assert refused.headers["cache-control"] == "no-store"
    assert get(f"{root}/api/v1/streams/{signed}", known).status_code == 401
    assert get(f"{root}/api/v1/streams", known).status_code == 401


def test_permission_that_is_taken_away_ends_it_at_once(
    cdn: CloudFront, edge_weir: RunningWeir, shut: str
) -> None:
    def allow(is_allowed: bool) -> None:
        item = {"isCDNAllowed": is_allowed}
        edge_weir.call("PATCH", f"/api/v1/streams/{shut}", {"item": item})

    allow(True)
    link = link_to(edge_weir, shut)
    playlist = f"{link['folder']}source/video.m3u8"
    wait_until(lambda: get(playlist, cookie(link)).is_success, what="the stream through the CDN")
    allow(False)
    wait_until(
        lambda: get(playlist, cookie(link)).headers.get("x-weir-reason") == "cdn_not_allowed",
        what="the refusal of the origin",
    )


async def test_edge_between_keeps_nothing_for_those_whom_nobody_asked(
    client: httpx2.AsyncClient, edge: RunningEdge, edge_weir: RunningWeir, signed: str
) -> None:
    """Nginx passes on what a CDN may have, and has not asked for a signature itself."""
    url = segment_of(link_to(edge_weir, signed))
    path = "/" + url.split("/", 3)[3]
    for target in (path, f"/{signed}/source/video.m3u8", f"/{signed}/live.m3u8"):
        for _ in range(2):
            found = await client.get(target, headers={"x-weir-cdn": SECRET})
            assert (found.status_code, found.headers["x-cache"]) == (200, "MISS")
        assert (await client.get(target)).status_code == 403
    assert not any(path.encode() in each.read_bytes() for each in edge.cached_files())
