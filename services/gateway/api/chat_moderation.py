"""`/api/v1/streams/{id}/chat`: open it, slow it, remove what was said, ban who said it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from libs.events import (
    AuthorKind,
    BanAuthor,
    ChatBan,
    GetChat,
    LiftBan,
    RemoveMessages,
    UpdateChat,
)
from libs.events.chat import MAX_SLOW_S
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.streams import check_known_id

router = APIRouter(prefix="/streams/{stream_id}/chat", tags=["chat"])
MessageId = Annotated[int, Path(ge=1, lt=2**53)]
BanId = Annotated[str, Path(max_length=64)]


class ChatSettingsShown(BaseModel):
    is_open: bool
    """Whether anybody but moderators may speak."""
    slow_s: int
    """Seconds between two messages of one author; 0: as fast as the limits allow."""


class NewChatSettings(BaseModel):
    """What is not named stays as it is."""

    model_config = ConfigDict(extra="forbid")

    is_open: bool | None = None
    slow_s: Annotated[int | None, Field(ge=0, le=MAX_SLOW_S)] = None


class NewBan(BaseModel):
    """Whoever said this message is banned; a guest with its network, as it could come again as
    another.
    """

    model_config = ConfigDict(extra="forbid")

    message: Annotated[int, Field(ge=1, lt=2**53)]
    until: AwareDatetime | None = None
    """None: until it is lifted."""
    reason: Annotated[str, Field(max_length=200)] = ""


class Ban(BaseModel):
    id: str
    author: str
    """The id that stands in messages."""
    name: str
    kind: AuthorKind
    is_of_network: bool
    """Whether nobody else may speak from where it was."""
    reason: str
    created_at: datetime
    until: datetime | None


class Bans(BaseModel):
    bans: list[Ban]
    """That hold, oldest first."""


@router.get("", dependencies=[needs(Permission.CHAT_READ)])
async def get_chat(stream_id: str, house: TheHouse, tenant: TheTenant) -> ChatSettingsShown:
    """Whether viewers may write, and how long each waits between two messages."""
    check_known_id(stream_id)
    state = await house.catalog.ask(GetChat(tenant=tenant, stream=stream_id))
    return ChatSettingsShown(is_open=state.settings.is_open, slow_s=state.settings.slow_s)


@router.patch("", dependencies=[needs(Permission.CHAT_WRITE)])
async def change_chat(
    stream_id: str, body: NewChatSettings, house: TheHouse, tenant: TheTenant
) -> ChatSettingsShown:
    """Open the chat, close it, or have everybody wait between messages."""
    check_known_id(stream_id)
    ask = UpdateChat(tenant=tenant, stream=stream_id, is_open=body.is_open, slow_s=body.slow_s)
    settings = await house.catalog.ask(ask)
    return ChatSettingsShown(is_open=settings.is_open, slow_s=settings.slow_s)


@router.delete(
    "/messages/{message_id}", status_code=204, dependencies=[needs(Permission.CHAT_WRITE)]
)
async def remove_message(
    stream_id: str, message_id: MessageId, house: TheHouse, tenant: TheTenant
) -> None:
    """Take a message away, here and where it is shown again."""
    check_known_id(stream_id)
    ask = RemoveMessages(tenant=tenant, stream=stream_id, messages=(message_id,))
    await house.catalog.ask(ask)


@router.get("/bans", dependencies=[needs(Permission.CHAT_READ)])
async def list_bans(stream_id: str, house: TheHouse, tenant: TheTenant) -> Bans:
    """Who may not write in this chat, by the names they had."""
    check_known_id(stream_id)
    state = await house.catalog.ask(GetChat(tenant=tenant, stream=stream_id))
    return Bans(bans=[_shown(ban) for ban in state.bans])


@router.post("/bans", status_code=201, dependencies=[needs(Permission.CHAT_WRITE)])
async def ban_author(
    stream_id: str, body: NewBan, response: Response, house: TheHouse, tenant: TheTenant
) -> Ban:
    """Ban an author, and remove all that it said in this chat."""
    check_known_id(stream_id)
    made = await house.catalog.ask(
        BanAuthor(
            tenant=tenant,
            stream=stream_id,
            message=body.message,
            until=body.until,
            reason=body.reason,
        )
    )
    response.headers["location"] = f"/api/v1/streams/{stream_id}/chat/bans/{made.id}"
    return _shown(made)


@router.delete("/bans/{ban_id}", status_code=204, dependencies=[needs(Permission.CHAT_WRITE)])
async def lift_ban(stream_id: str, ban_id: BanId, house: TheHouse, tenant: TheTenant) -> None:
    """Let the author speak again; what it said stays removed."""
    check_known_id(stream_id)
    await house.catalog.ask(LiftBan(tenant=tenant, stream=stream_id, ban=ban_id))


def _shown(ban: ChatBan) -> Ban:
    return Ban(
        id=ban.id,
        author=ban.author.id,
        name=ban.author.name,
        kind=ban.author.kind,
        is_of_network=bool(ban.network),
        reason=ban.reason,
        created_at=ban.created_at,
        until=ban.until,
    )
