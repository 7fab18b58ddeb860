"""Every page, menu and dialog of the console, one after the other, in a Weir that is furnished."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import NamedTuple

from playwright.async_api import Page, expect

from tests.messages import sentences

_KEY = re.compile(r"\{([\w.]+)\}")
SHOWN_MS = 60_000.0
FOUND_MS = 120_000.0
"""The doctor has seen two keyframes by then."""
LAYER = "[role=dialog]:visible, [role=menu]:visible"
LIVE = ".card[data-state=live]"
OVER = ".recording:has(.recording-text time):not(:has-text('{recorded.onAir}'))"
FAILING = ".hook:has(.hook-facts .danger)"


class Stop(NamedTuple):
    """`opens`: what is pressed to get there, in turn; `shows`: what is there then.

    In braces stands the key of a message: what a button says in the language of the tour.
    """

    name: str
    opens: tuple[str, ...] = ()
    shows: str = LAYER
    within_ms: float = SHOWN_MS


def _says(key: str, where: str = "[role=menuitem]") -> str:
    return f"{where}:has(:text-is('{{{key}}}'))"


def _menu(name: str, card: str, **choices: str) -> Iterator[Stop]:
    """The menu of a card, and the dialogs behind its choices."""
    more = f"{card} .card-more >> nth=0"
    yield Stop(f"{name}-menu", (more,), "[role=menu]:visible")
    for what, key in choices.items():
        yield Stop(f"{name}-{what}", (more, _says(key)), "[role=dialog]:visible")


PARTS = {
    "push": ".stream-part h2:text-is('{stream.parts.push}')",
    "watermark": ".stream-part .mark-frame",
    "ladder": ".stream-part .renditions li",
    "relay": ".stream-part .relay",
    "recording": ".stream-part .recording-rules",
    "doctor": ".stream-part .finding",
    "viewers": ".stream-part .viewers li",
}
"""Of the stream page, and what is there then."""
BAR = (
    Stop("languages", ("header button[aria-label='{language}']",), "[role=menu]"),
    Stop("own-menu", (".bar-inner > button >> nth=-1",), "[role=menu]"),
    Stop("health", (".health",), ".services li"),
)
STOPS: dict[str, tuple[Stop, ...]] = {
    "streams": (
        Stop("streams", shows=f"{LIVE} .card-still img", within_ms=FOUND_MS),
        *BAR,
        Stop("stream-new", (".heading button >> nth=-1",)),
        Stop("stream-viewers", (f"{LIVE} .card-actions button >> nth=0",)),
        Stop("stream-push", (_says("howToPush", f"{LIVE} .card-actions button"),)),
        Stop(
            "stream-watch",
            (_says("watch", f"{LIVE} .card-actions button"),),
            "[role=dialog] [data-state=playing]",
        ),
        *_menu(
            "stream", LIVE,
            title="titleMenu", chat="chat", relays="relays", ladder="ladder", mark="markedLink",
            delete="deleteStream",
        ),
        Stop("stream-doctor", (f"{LIVE} .card-doctor",), ".finding", FOUND_MS),
        Stop("stream-page", (f"{LIVE} h2 a",), ".stream-page [data-state=playing]"),
        *_menu("stream-page", ".stream-heading"),
        *(
            Stop(f"part-{part}", (f".stream-tabs [href$='/{part}']",), shows, FOUND_MS)
            for part, shows in PARTS.items()
        ),
        Stop(
            "part-watermark-text",
            (".stream-tabs [href$='/watermark']", _says("stream.addText", ".add-mark button")),
            ".placed-mark image",
        ),
    ),
    "recordings": (
        Stop("recordings", shows=f"{OVER} .screen img"),
        *_menu("recording", OVER, files="recorded.files", delete="recorded.deleteIt"),
        Stop("recording-kept", (f"{OVER} .card-more", _says("recorded.keepIt")), "p[role=status]"),
    ),
    "timeline": (
        Stop("timeline-none", shows=".nothing"),
        Stop(
            "timeline",
            ("nav.pages [href='#recordings']", f"{OVER} .recording-actions a"),
            ".lane-player[data-state=playing]",
        ),
        Stop(
            "timeline-clip",
            (
                _says("recorded.markBegin", ".clip-marks button"),
                _says("recorded.markEnd", ".clip-marks button"),
            ),
            ".clip-form",
        ),
        Stop("timeline-two", (".cameras label >> nth=0",), ".together[data-count='2']"),
    ),
    "videos": (
        Stop("videos", shows=".video .screen-play img"),
        Stop("video-import", (".heading button >> nth=-1",)),
        Stop("video-links", (".video-actions button >> nth=0",)),
        *_menu(
            "video", ".video",
            rename="rename", captions="captions", mark="markedLink", delete="deleteVideo",
        ),
        Stop("video-playing", (".video .screen-play",), ".video [data-state=playing]"),
    ),
    "viewers": (Stop("viewers", shows=".viewers li"),),
    "webhooks": (
        Stop("webhooks", shows=FAILING),
        Stop("webhook-new", (".heading button",)),
        *_menu(
            "webhook", FAILING,
            edit="webhookEdit", rotate="rotateSecret", delete="webhookDelete",
        ),
        Stop(
            "webhook-secret",
            (
                f"{FAILING} .card-more",
                _says("rotateSecret"),
                _says("rotateSecret", "[role=dialog] button"),
            ),
            ".secret",
        ),
        Stop("webhook-deliveries", (f"{FAILING} .hook-facts .danger",), ".delivery"),
        Stop("webhook-delivery", (".delivery-line >> nth=0",), ".attempts li"),
        Stop("webhook-replay", (_says("replay", f"{FAILING} .card-actions button"),)),
    ),
    "users": (
        Stop("users", shows=".row"),
        Stop("user-new", (".heading button",)),
        *_menu(
            "user", ".row:has-text('ben')",
            role="changeRole", password="resetPassword", leave="signOutEverywhere",
            disable="disable", delete="deleteUser",
        ),
        Stop(
            "user-told",
            (
                ".row:has-text('ben') .card-more",
                _says("resetPassword"),
                _says("resetPassword", "[role=dialog] button[type=submit]"),
            ),
            "[role=dialog] .told",
        ),
    ),
    "keys": (
        Stop("keys", shows=".key-row"),
        Stop("key-new", (".heading button",)),
        Stop("key-revoke", (".key-row > button >> nth=0",)),
    ),
    "audit": (
        Stop("audit", shows=".entry"),
        Stop("audit-entry", (".entry summary >> nth=0",), ".entry[open] dl"),
    ),
    "tenants": (
        Stop("tenants", shows=".tenant-row:not(:has-text('…'))"),
        Stop("tenant-new", (".heading button",)),
        *_menu(
            "tenant", ".tenant-row:has-text('arena')",
            change="tenancy.change", disable="disable",
        ),
    ),
    "jobs": (
        Stop("jobs", shows=".entry"),
        Stop("job", (".entry:has-text('{jobs.kinds.poster}') summary >> nth=0",), ".job dd"),
    ),
    "system": (
        Stop("system", shows=".service"),
        Stop("dead-letter", (".entry summary >> nth=0",), ".entry[open] dl"),
    ),
    "domains": (
        Stop("domains", shows=".rows .row"),
        Stop("domain-new", (".heading button",)),
        *_menu("domain", ".rows .row", change="domains.change", delete="delete"),
    ),
    "devices": (Stop("devices", shows=".device"),),
    "account": (Stop("account", shows=".sessions li"),),
}  # fmt: skip


DIALOGS = {
    "CaptionsDialog": "video-captions",
    "ChangeDialog": "tenant-change",
    "ChatDialog": "stream-chat",
    "ConfirmDialog": "stream-delete",
    "CreateDialog": "stream-new",
    "DoctorDialog": "stream-doctor",
    "DomainDialog": "domain-new",
    "ImportDialog": "video-import",
    "KeptDialog": "recording-files",
    "LadderDialog": "stream-ladder",
    "LinksDialog": "video-links",
    "MarkedLinkDialog": "stream-mark",
    "NewKeyDialog": "key-new",
    "NewTenantDialog": "tenant-new",
    "NewUserDialog": "user-new",
    "PasswordDialog": "user-password",
    "PushDialog": "stream-push",
    "RelayDialog": "stream-relays",
    "RenameDialog": "video-rename",
    "ReplayDialog": "webhook-replay",
    "RoleDialog": "user-role",
    "RotateDialog": "webhook-rotate",
    "SecretDialog": "webhook-secret",
    "TitleDialog": "stream-title",
    "ViewersDialog": "stream-viewers",
    "WatchDialog": "stream-watch",
    "WebhookDialog": "webhook-new",
}
"""Where each component that opens a window is seen."""


async def tour(
    page: Page, tag: str, at: Iterable[str] = STOPS, *, pages_only: bool = False
) -> AsyncIterator[str]:
    """The name of each stop, while it is shown to somebody who is signed in."""
    said = {each.key: each.text for each in sentences(tag)}

    def text(key: re.Match[str]) -> str:
        return said[key[1]]

    for each in at:
        await page.evaluate("at => { location.hash = at; }", each)
        for name, opens, shows, within_ms in STOPS[each][: 1 if pages_only else None]:
            for press in opens:
                await page.locator(_KEY.sub(text, press)).click(timeout=SHOWN_MS)
            await page.locator(_KEY.sub(text, shows)).first.wait_for(timeout=within_ms)
            yield name
            if await page.locator(LAYER).count():
                await page.keyboard.press("Escape")
                await page.mouse.click(1, 1)  # a popover that has no focus is closed by this
                await expect(page.locator(LAYER)).to_have_count(0)
