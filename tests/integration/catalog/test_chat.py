"""What is said beside streams: settings, bans, and the log that is written down."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from libs.bus import Logged
from libs.events import (
    BanAuthor,
    ChatAlert,
    ChatAuthor,
    ChatBan,
    ChatBanned,
    ChatMessage,
    ChatRemoved,
    ChatSaid,
    CreateStream,
    CreateTenant,
    DeleteStream,
    GetChat,
    LiftBan,
    ListChatMessages,
    Message,
    Quotas,
    RaiseAlert,
    RemoveMessages,
    UpdateChat,
)
from libs.events.chat import LATEST
from libs.names import DEFAULT_TENANT, ITS_TENANT
from services.catalog.chat_answers import ChatAnswers
from services.catalog.chat_log import ChatLog
from services.catalog.errors import AlertDiffers, BanUnknown, MessageUnknown, StreamUnknown
from services.catalog.models import OutboxRow
from services.catalog.old_messages import OldMessages
from services.catalog.tenant_answers import TenantAnswers
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said

pytestmark = pytest.mark.integration

TENANT = DEFAULT_TENANT
ANN = ChatAuthor(id="ann", name="Ann", kind="guest")
BEN = ChatAuthor(id="ben", name="Ben", kind="viewer")


class Chat:
    """One stream's chat, and the log as a catalog reads it."""

    def __init__(self, catalog: Catalog, stream: str = "cam-1") -> None:
        self.catalog = catalog
        self.stream = stream
        self.answers = ChatAnswers(catalog.database, catalog.clock)
        self.log = ChatLog(catalog.database)
        self.sequence = 1_000

    def said(
        self, text: str, author: ChatAuthor = ANN, *, network: str = "home", after_s: float = 1.0
    ) -> Logged:
        """The next message, so much later."""
        self.catalog.clock.pass_s(after_s)
        return self.logged(
            ChatSaid(
                tenant=TENANT, stream=self.stream, key=text, author=author, network=network,
                text=text,
            )
        )  # fmt: skip

    def logged(self, fact: Message) -> Logged:
        self.sequence += 1
        return Logged(self.sequence, self.catalog.clock.now, fact)

    async def texts(
        self, from_s: float = -3600, until_s: float = 3600, tenant: str = TENANT
    ) -> list[str]:
        """What was said in a time around now, less what was removed."""
        return [message.text for message in await self.between(from_s, until_s, tenant=tenant)]

    async def between(
        self, from_s: float, until_s: float, limit: int = 200, tenant: str = TENANT
    ) -> list[ChatMessage]:
        now, after = self.catalog.clock.now, 0
        found: list[ChatMessage] = []
        while True:
            page = await self.answers.list_messages(
                ListChatMessages(
                    tenant=tenant,
                    stream=self.stream,
                    from_at=now + timedelta(seconds=from_s),
                    until_at=now + timedelta(seconds=until_s),
                    after=after,
                    limit=limit,
                )
            )
            found += page.messages
            if page.next_after is None:
                return found
            after = page.next_after

    async def ban(self, message: int, until: datetime | None = None) -> ChatBan:
        return await self.answers.ban(
            BanAuthor(
                tenant=TENANT, stream=self.stream, message=message, until=until, reason="spam"
            )
        )

    async def facts(self, kind: type[Message]) -> list[dict[str, Any]]:
        async with self.catalog.database.transaction(read_only=True) as tx:
            query = select(OutboxRow).where(OutboxRow.type == kind.name).order_by(OutboxRow.seq)
            return [row.data for row in (await tx.execute(query)).scalars()]


@pytest.fixture
async def chat(catalog: Catalog) -> Chat:
    await catalog.create()
    return Chat(catalog)


async def test_a_chat_is_closed_until_it_is_opened(chat: Chat) -> None:
    state = await chat.answers.get(GetChat(tenant=TENANT, stream="cam-1"))
    assert not state.settings.is_open
    opened = await chat.answers.update(UpdateChat(tenant=TENANT, stream="cam-1", is_open=True))
    slowed = await chat.answers.update(UpdateChat(tenant=TENANT, stream="cam-1", slow_s=30))
    assert (opened.is_open, opened.slow_s) == (True, 0)
    assert (slowed.is_open, slowed.slow_s) == (True, 30)
    assert slowed.revision > opened.revision
    state = await chat.answers.get(GetChat(tenant=TENANT, stream="cam-1"))
    assert state.settings == slowed
    with pytest.raises(StreamUnknown):
        await chat.answers.update(UpdateChat(tenant=TENANT, stream="none", is_open=True))


async def test_what_is_said_is_shown_by_its_time(chat: Chat) -> None:
    await chat.log.write([chat.said(str(number), after_s=10) for number in range(6)])
    assert await chat.texts() == ["0", "1", "2", "3", "4", "5"]
    # A time begins with its first instant and ends before its last.
    assert await chat.texts(-30, -10) == ["2", "3"]
    assert [each.text for each in await chat.between(-60, 60, limit=2)] == [
        "0", "1", "2", "3", "4", "5",
    ]  # fmt: skip


async def test_who_comes_is_shown_the_newest(chat: Chat) -> None:
    await chat.log.write([chat.said(str(number)) for number in range(LATEST + 5)])
    state = await chat.answers.get(GetChat(tenant=TENANT, stream="cam-1"))
    assert [each.text for each in state.latest] == [str(n) for n in range(5, LATEST + 5)]
    assert state.latest[0].author == ANN


async def test_the_log_is_written_once_however_often_it_is_read(chat: Chat) -> None:
    assert await chat.log.position() == 1
    batch = [chat.said("a"), chat.said("b")]
    await chat.log.write(batch)
    await chat.log.write(batch)
    assert await chat.texts() == ["a", "b"]
    assert await chat.log.position() == chat.sequence + 1
    await chat.log.write(batch[:1])
    assert await chat.log.position() == chat.sequence + 1


async def test_removed_messages_are_shown_no_more(chat: Chat) -> None:
    first, second = chat.said("a"), chat.said("b")
    await chat.log.write([first])
    for each in (first, second):
        await chat.answers.remove(
            RemoveMessages(tenant=TENANT, stream="cam-1", messages=(each.sequence,))
        )
    assert await chat.texts() == []
    # The second is written down after it was removed: its removal comes behind it in the log.
    facts = [ChatRemoved.model_validate(each) for each in await chat.facts(ChatRemoved)]
    await chat.log.write([second, *map(chat.logged, facts), chat.said("c")])
    assert await chat.texts() == ["c"]


async def test_messages_of_another_stream_are_not_removed(chat: Chat) -> None:
    await chat.catalog.create("cam-2")
    said = chat.said("a")
    await chat.log.write([said])
    await chat.answers.remove(
        RemoveMessages(tenant=TENANT, stream="cam-2", messages=(said.sequence,))
    )
    assert await chat.texts() == ["a"]


async def test_chat_of_another_tenants_stream_is_as_if_it_were_not_there(chat: Chat) -> None:
    said = chat.said("a")
    await chat.log.write([said])
    theirs = {"tenant": "acme", "stream": "cam-1"}
    with pytest.raises(StreamUnknown):
        await chat.answers.get(GetChat(**theirs))
    with pytest.raises(StreamUnknown):
        await chat.answers.update(UpdateChat(**theirs, is_open=True))
    with pytest.raises(StreamUnknown):
        await chat.answers.remove(RemoveMessages(**theirs, messages=(said.sequence,)))
    with pytest.raises(MessageUnknown):
        await chat.answers.ban(BanAuthor(**theirs, message=said.sequence, until=None, reason=""))
    with pytest.raises(StreamUnknown):
        await chat.answers.raise_alert(tip("order-1").model_copy(update=theirs))
    assert [await chat.facts(kind) for kind in (ChatRemoved, ChatBanned, ChatSaid)] == [[], [], []]
    assert await chat.texts() == ["a"]


async def test_playback_names_no_tenant_and_finds_the_chat(chat: Chat) -> None:
    tenants = TenantAnswers(chat.catalog.database, chat.catalog.clock)
    await tenants.create(
        CreateTenant(id="acme", quotas=Quotas(), owner_name="ann-acme", password_hash="hash")
    )
    await chat.catalog.answers.create_stream(CreateStream(tenant="acme", id="theirs"))
    await chat.answers.update(UpdateChat(tenant="acme", stream="theirs", is_open=True))
    state = await chat.answers.get(GetChat(tenant=ITS_TENANT, stream="theirs"))
    assert (state.tenant, state.settings.is_open) == ("acme", True)
    said = ChatSaid(
        tenant=state.tenant, stream="theirs", key="1", author=ANN, network="", text="Hello"
    )
    await chat.log.write([chat.logged(said)])
    chat.stream = "theirs"
    assert await chat.texts(tenant=ITS_TENANT) == ["Hello"]
    assert await chat.texts(tenant=TENANT) == []
    # What was said is shown with recordings, which outlive their stream.
    await chat.catalog.answers.delete_stream(DeleteStream(tenant="acme", id="theirs"))
    assert await chat.texts(tenant=ITS_TENANT) == ["Hello"]
    await chat.answers.remove(
        RemoveMessages(tenant="acme", stream="theirs", messages=(chat.sequence,))
    )
    assert await chat.texts(tenant=ITS_TENANT) == []


async def test_who_is_banned_is_heard_no_more_and_neither_is_what_it_said(chat: Chat) -> None:
    said = [chat.said("a"), chat.said("b", BEN), chat.said("c")]
    await chat.log.write(said)
    made = await chat.ban(said[0].sequence)
    (fact,) = [ChatBanned.model_validate(each) for each in await chat.facts(ChatBanned)]
    assert fact.ban == made
    after = [
        chat.logged(fact),
        chat.said("d"),
        chat.said("e", ChatAuthor(id="ann again", name="Ann", kind="guest")),
        chat.said("f", BEN, network="office"),
    ]
    await chat.log.write(after)
    assert await chat.texts() == ["b", "f"]
    state = await chat.answers.get(GetChat(tenant=TENANT, stream="cam-1"))
    assert state.bans == (made,)
    await chat.answers.lift_ban(LiftBan(tenant=TENANT, stream="cam-1", ban=made.id))
    await chat.log.write([chat.said("g")])
    assert await chat.texts() == ["b", "f", "g"]
    with pytest.raises(BanUnknown):
        await chat.answers.lift_ban(LiftBan(tenant=TENANT, stream="cam-1", ban=made.id))


async def test_a_viewer_whom_a_token_names_is_banned_and_nobody_beside_it(chat: Chat) -> None:
    said = chat.said("a", BEN)
    await chat.log.write([said])
    made = await chat.ban(said.sequence)
    assert made.network == ""
    await chat.log.write([chat.said("b", BEN), chat.said("c", ANN)])
    assert await chat.texts() == ["a", "c"]  # what it said goes when the log says so


async def test_a_ban_ends_with_its_time(chat: Chat) -> None:
    said = chat.said("a")
    await chat.log.write([said])
    await chat.ban(said.sequence, until=chat.catalog.clock.now + timedelta(seconds=60))
    await chat.log.write([chat.said("b", after_s=30)])
    await chat.log.write([chat.said("c", after_s=40)])
    assert await chat.texts() == ["a", "c"]
    state = await chat.answers.get(GetChat(tenant=TENANT, stream="cam-1"))
    assert state.bans == ()


async def test_nobody_is_banned_for_what_was_not_said(chat: Chat) -> None:
    await chat.catalog.create("cam-2")
    said = chat.said("a")
    await chat.log.write([said])
    with pytest.raises(MessageUnknown):
        await chat.ban(said.sequence + 1)
    chat.stream = "cam-2"
    with pytest.raises(MessageUnknown):
        await chat.ban(said.sequence)


async def test_a_stream_that_is_made_again_has_its_chat_closed(chat: Chat) -> None:
    await chat.answers.update(UpdateChat(tenant=TENANT, stream="cam-1", is_open=True))
    said = chat.said("a")
    await chat.log.write([said])
    await chat.ban(said.sequence)
    await chat.catalog.answers.delete_stream(DeleteStream(tenant=TENANT, id="cam-1"))
    await chat.catalog.create()
    state = await chat.answers.get(GetChat(tenant=TENANT, stream="cam-1"))
    assert (state.settings.is_open, state.bans) == (False, ())


async def test_messages_are_kept_for_a_while_or_with_the_pictures_of_their_time(
    chat: Chat,
) -> None:
    catalog = chat.catalog
    old = OldMessages(catalog.database, catalog.clock, hours=1)
    await chat.log.write([chat.said("off air")])
    grant = await catalog.open()
    said = Said(grant)
    await catalog.facts.stream_published(said.published())
    await catalog.facts.segment_ready(*(said.ready(index) for index in range(3)))
    await chat.log.write([chat.said("on air", after_s=10)])
    catalog.clock.pass_s(1800)
    assert await old.tick() == 0
    catalog.clock.pass_s(3600)
    assert await old.tick() == 1
    assert await chat.texts(-7200) == ["on air"]


def tip(key: str, amount: str = "5.00") -> RaiseAlert:
    alert = ChatAlert(kind="tip", amount=amount, currency="EUR")
    return RaiseAlert(tenant=TENANT, stream="cam-1", key=key, by="Ann", text="Bravo", alert=alert)


async def test_an_alert_is_told_once_however_late_it_is_raised_again(chat: Chat) -> None:
    first = await chat.answers.raise_alert(tip("order-1"))
    chat.catalog.clock.pass_s(30 * 86400)
    again = await chat.answers.raise_alert(tip("order-1"))
    other = await chat.answers.raise_alert(tip("order-2"))
    assert (first.is_new, again.is_new, other.is_new) == (True, False, True)
    assert again.raised_at == first.raised_at
    facts = [ChatSaid.model_validate(each) for each in await chat.facts(ChatSaid)]
    assert len(facts) == 2
    await chat.log.write([chat.logged(fact) for fact in facts])
    shown = await chat.between(-60, 60)
    assert [(each.author.name, each.author.kind, each.text) for each in shown] == [
        ("Ann", "alert", "Bravo"), ("Ann", "alert", "Bravo"),
    ]  # fmt: skip
    assert shown[0].alert == ChatAlert(kind="tip", amount="5.00", currency="EUR")


async def test_a_key_is_of_one_alert_only(chat: Chat) -> None:
    await chat.answers.raise_alert(tip("order-1"))
    with pytest.raises(AlertDiffers):
        await chat.answers.raise_alert(tip("order-1", amount="500.00"))
    await chat.catalog.create("cam-2")
    elsewhere = tip("order-1", amount="7.00").model_copy(update={"stream": "cam-2"})
    assert (await chat.answers.raise_alert(elsewhere)).is_new
    with pytest.raises(StreamUnknown):
        await chat.answers.raise_alert(elsewhere.model_copy(update={"stream": "none"}))


async def test_an_alert_that_is_raised_many_times_at_once_is_one(chat: Chat) -> None:
    raised = await asyncio.gather(*(chat.answers.raise_alert(tip("order-1")) for _ in range(5)))
    assert sum(each.is_new for each in raised) == 1
    assert len(await chat.facts(ChatSaid)) == 1
