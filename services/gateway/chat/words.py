"""What goes over a chat's WebSocket: JSON in text frames, one message each.

From a participant:

    {"type": "join", "name": "Ann", "pass": "…", "after": 123}      first; no name: it reads only
    {"type": "say", "key": "1", "text": "Hello"}

To a participant:

    {"type": "welcome", "author": {…}, "pass": "…", "can_moderate": false, "is_anew": true,
     "through": 123, "is_open": true, "slow_s": 0}
                                            `is_anew`: what is shown so far counts no more;
                                            messages up to `through` were said before
    {"type": "message", "id": 124, "at": <Unix ms>, "author": {"id", "name", "kind"}, "text": "…"}
                                            an alert has "alert": {"kind", "amount", "currency"}
    {"type": "removed", "ids": [124]}
    {"type": "banned", "author": "<id>"}                            all of it is removed
    {"type": "settings", "is_open": true, "slow_s": 30}
    {"type": "said", "key": "1", "id": 125}
    {"type": "refused", "key": "1", "code": "chat_slow_mode", "detail": "…", "retry_after_s": 12}

What all are told is encoded once.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from libs.errors import WeirError
from libs.events import ChatAuthor, ChatMessage, ChatSettings
from services.gateway.chat.errors import MessageUnreadable, TooFast
from services.gateway.playback.websocket import text_frame

KEY = r"^[A-Za-z0-9_-]{1,36}$"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Join(_Frozen):
    type: Literal["join"]
    name: str | None = None
    shown_pass: str | None = Field(default=None, alias="pass", max_length=64)
    after: int | None = Field(default=None, ge=0, lt=2**53)
    """The last message that it has; None: none."""


class Say(_Frozen):
    type: Literal["say"]
    key: str = Field(pattern=KEY)
    """The participant's own. The same message, sent again, is said once."""
    text: str


_ANY: Any = Annotated[Join | Say, Field(discriminator="type")]
_WORDS: TypeAdapter[Join | Say] = TypeAdapter(_ANY)


def read(payload: str) -> Join | Say:
    """Raises `MessageUnreadable`."""
    try:
        return _WORDS.validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "/".join(map(str, first["loc"])) or "it"
        raise MessageUnreadable(f"This message cannot be read: {where}: {first['msg']}.") from None


# --- to one participant -----------------------------------------------------------------


def welcome(
    author: ChatAuthor | None,
    guest_pass: str | None,
    settings: ChatSettings,
    *,
    can_moderate: bool,
    is_anew: bool,
    through: int,
) -> bytes:
    return _frame(
        {
            "type": "welcome",
            "author": author.model_dump() if author else None,
            "pass": guest_pass,
            "can_moderate": can_moderate,
            "is_anew": is_anew,
            "through": through,
            "is_open": settings.is_open,
            "slow_s": settings.slow_s,
        }
    )


def said(key: str, number: int) -> bytes:
    return _frame({"type": "said", "key": key, "id": number})


def refused(key: str | None, error: WeirError) -> bytes:
    wait_s = round(error.wait_s, 1) if isinstance(error, TooFast) else None
    return _frame(
        {
            "type": "refused",
            "key": key,
            "code": error.code,
            "detail": str(error),
            "retry_after_s": wait_s,
        }
    )


# --- to all -----------------------------------------------------------------------------


def message(shown: ChatMessage) -> bytes:
    return _frame({"type": "message", **as_json(shown)})


def removed(ids: Sequence[int]) -> bytes:
    return _frame({"type": "removed", "ids": list(ids)})


def banned(author: str) -> bytes:
    return _frame({"type": "banned", "author": author})


def settings(now: ChatSettings) -> bytes:
    return _frame({"type": "settings", "is_open": now.is_open, "slow_s": now.slow_s})


def as_json(shown: ChatMessage) -> dict[str, Any]:
    """A message as viewers see it, on the socket and when it is shown again."""
    word: dict[str, Any] = {
        "id": shown.id,
        "at": int(shown.at.timestamp() * 1000),
        "author": shown.author.model_dump(),
        "text": shown.text,
    }
    if shown.alert is not None:
        word["alert"] = shown.alert.model_dump()
    return word


def _frame(word: dict[str, Any]) -> bytes:
    return text_frame(orjson.dumps(word))
