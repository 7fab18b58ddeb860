"""The description of the bus says what is really on the wire."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from jsonschema import Draft7Validator

from docs.generator import asyncapi, docstrings
from libs.bus.asking import answer_error, answer_ok
from libs.errors import NotFound
from libs.events import (
    CheckSessions,
    EndedSession,
    EndedSessions,
    Envelope,
    JobProgressed,
    Message,
    SessionEnded,
)

DOCUMENT: dict[str, Any] = json.loads(asyncapi.document())
NOW = datetime(2026, 2, 3, tzinfo=UTC)


class Wordless(Message):
    name = "wordless.said"


def payload(message: str) -> Draft7Validator:
    """Checks the payload of a message by its name in the components."""
    schema = DOCUMENT["components"]["messages"][message]["payload"]
    return Draft7Validator({**schema, "components": DOCUMENT["components"]})


def pointers(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from pointers(value)
    elif isinstance(node, list):
        for value in node:
            yield from pointers(value)


def test_every_pointer_leads_somewhere() -> None:
    found = set(pointers(DOCUMENT))
    assert len(found) > 50
    for pointer in found:
        node: Any = DOCUMENT
        for part in pointer.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/")]


@pytest.mark.parametrize(
    "fact",
    [
        SessionEnded(
            tenant="default", stream="s", session="65a0b1c2-00000001", cause="idle", last_tag=-1,
            ended_at=NOW,
        ),
        JobProgressed(job="j", attempt=1, progress=0.5),
    ],
)  # fmt: skip
def test_fact_as_it_is_sent_is_what_the_document_says(fact: Message) -> None:
    envelope = Envelope[type(fact)].of(fact, source="test/1", time=NOW)  # type: ignore[misc]
    sent = json.loads(envelope.model_dump_json())
    check = payload(type(fact).__name__)
    check.validate(sent)
    assert not check.is_valid({**sent, "type": "another.name"})
    assert not check.is_valid({**sent, "data": {**sent["data"], "attempt": "x", "last_tag": "x"}})
    assert not check.is_valid({key: value for key, value in sent.items() if key != "id"})


def test_asks_and_answers_are_what_the_document_says() -> None:
    payload("CheckSessions").validate(json.loads(CheckSessions(sessions=("a",)).model_dump_json()))
    reply = payload("CheckSessionsReply")
    reply.validate(
        json.loads(answer_ok(EndedSessions(ended=(EndedSession(session="a", cause="idle"),))))
    )
    reply.validate(json.loads(answer_error("catalog.session.check", NotFound("No such thing."))))
    assert not reply.is_valid({"ok": {"ended": [{"session": "a", "cause": "boredom"}]}})
    assert not reply.is_valid({"error": {"code": "x"}})


def test_message_without_words_is_refused() -> None:
    with pytest.raises(docstrings.Undocumented, match="Wordless"):
        asyncapi.enveloped(Wordless)
