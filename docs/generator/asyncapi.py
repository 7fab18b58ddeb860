"""`docs/reference/asyncapi.json`: what is said on the bus, as an AsyncAPI 3.0 document.

Facts and orders come from `libs.events`, who hears them from the topology of `libs.bus`, and asks
are answered by the catalog. The wire is JSON: an envelope around each fact and order, and
`{"ok": …}` or `{"error": …}` for answers.
"""

import json
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from docs.generator import docstrings
from libs import events
from libs.bus.topology import CONSUMERS
from libs.events import CHAT_FACTS, FACTS, ORDERS, Ask, Envelope, Message

JSON = dict[str, Any]

SAID = (*FACTS, *CHAT_FACTS, *ORDERS)
HEADERS: JSON = {
    "type": "object",
    "properties": {
        "Nats-Msg-Id": {"type": "string", "description": "The envelope's id: doubles are dropped."},
        "traceparent": {"type": "string", "description": "W3C trace context."},
    },
}
PROBLEM: JSON = {
    "type": "object",
    "required": ["code", "status", "detail", "blame", "retry"],
    "properties": {
        "code": {"type": "string", "description": "What went wrong, for programs."},
        "status": {"type": "integer", "description": "The HTTP status that says the same."},
        "detail": {"type": "string", "description": "What went wrong, for people."},
        "blame": {"enum": ["caller", "destination", "weir"]},
        "retry": {"type": "boolean", "description": "Whether the same ask may succeed later."},
    },
}


def document() -> str:
    return json.dumps(_document(), indent=2, ensure_ascii=False) + "\n"


def _document() -> JSON:
    asks = _asks()
    schemas = _schemas([*SAID, *asks, *{ask.answer for ask in asks}]) | {
        "Envelope": _envelope(),
        "Problem": PROBLEM,
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Weir's bus",
            "version": version("weir"),
            "description": docstrings.one_line(__doc__.partition("\n\n")[2]),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "bus": {
                "host": "nats:4222",
                "protocol": "nats",
                "description": "NATS with JetStream. Facts and orders lie in its logs.",
                "security": [
                    {"type": "userPassword", "description": "User `weir`; `WEIR_NATS_TOKEN`."}
                ],
            }
        },
        "channels": {
            **{message.name: _channel(message) for message in SAID},
            **{ask.name: _ask_channel(ask) for ask in asks},
        },
        "operations": {
            **_consumptions(),
            **{f"catalog/{ask.name}": _answering(ask) for ask in asks},
        },
        "components": {
            "messages": {
                **{message.__name__: enveloped(message) for message in SAID},
                **{ask.__name__: _asked(ask) for ask in asks},
                **{f"{ask.__name__}Reply": _reply(ask) for ask in asks},
            },
            "schemas": dict(sorted(schemas.items())),
        },
    }


# --- messages ---------------------------------------------------------------------------


def enveloped(message: type[Message]) -> JSON:
    """A fact or an order: CloudEvents attributes around its data."""
    data = {"type": {"const": message.name}, "data": _schema(message)}
    return {
        "name": message.name,
        "summary": _words(message),
        "headers": HEADERS,
        "payload": {"allOf": [_schema(Envelope), {"type": "object", "properties": data}]},
    }


def _asked(ask: type[Ask[Any]]) -> JSON:
    return {
        "name": ask.name,
        "summary": _words(ask),
        "headers": {
            "type": "object",
            "properties": {"traceparent": HEADERS["properties"]["traceparent"]},
        },
        "payload": _schema(ask),
    }


def _reply(ask: type[Ask[Any]]) -> JSON:
    def only(name: str, schema: JSON) -> JSON:
        return {"type": "object", "required": [name], "properties": {name: schema}}

    return {
        "name": f"{ask.name} answer",
        "payload": {
            "oneOf": [only("ok", _schema(ask.answer)), only("error", _ref("schemas", "Problem"))]
        },
    }


# --- channels and who listens -----------------------------------------------------------


def _channel(message: type[Message]) -> JSON:
    return {
        "address": message.name,
        "messages": {message.__name__: _ref("messages", message.__name__)},
    }


def _ask_channel(ask: type[Ask[Any]]) -> JSON:
    names = (ask.__name__, f"{ask.__name__}Reply")
    return {
        "address": ask.name,
        "messages": {name: _ref("messages", name) for name in names},
    }


def _consumptions() -> JSON:
    """Who hears what, through a durable consumer of its own."""
    kinds = {kind.name: kind for kind in SAID}
    return {
        f"{consumer.service}/{consumer.subject}": {
            "action": "receive",
            "channel": _pointer("channels", consumer.subject),
            "summary": f"Durable consumer `{consumer.durable}` of the log {consumer.log}.",
            "messages": [_message_of(consumer.subject, kinds[consumer.subject].__name__)],
        }
        for consumer in CONSUMERS
        if consumer.subject in kinds
    }


def _answering(ask: type[Ask[Any]]) -> JSON:
    return {
        "action": "receive",
        "channel": _pointer("channels", ask.name),
        "summary": _words(ask),
        "messages": [_message_of(ask.name, ask.__name__)],
        "reply": {
            "channel": _pointer("channels", ask.name),
            "messages": [_message_of(ask.name, f"{ask.__name__}Reply")],
        },
    }


# --- schemas ----------------------------------------------------------------------------


def _schemas(kinds: list[type[BaseModel]]) -> JSON:
    """Of `kinds` and all that they hold, each field with the words that stand below it."""
    _, found = models_json_schema(
        [(kind, "validation") for kind in kinds], ref_template="#/components/schemas/{model}"
    )
    return {name: _with_words(schema, _kind(name)) for name, schema in found["$defs"].items()}


def _envelope() -> JSON:
    """Less its `data`, which each message says for itself."""
    schema = _with_words(Envelope[Message].model_json_schema(), Envelope)
    del schema["properties"]["data"], schema["$defs"]
    return schema | {"title": "Envelope", "description": docstrings.of_class(Envelope)}


def _with_words(schema: JSON, kind: type) -> JSON:
    for field, words in docstrings.of_fields(kind).items():
        if field in schema.get("properties", {}):
            schema["properties"][field]["description"] = docstrings.one_line(words)
    return schema


def _kind(name: str) -> type[BaseModel]:
    kind: type[BaseModel] = getattr(events, name)
    return kind


def _asks() -> list[type[Ask[Any]]]:
    kinds = [vars(events)[name] for name in events.__all__]
    asks = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Ask)]
    return sorted((ask for ask in asks if hasattr(ask, "name")), key=lambda ask: ask.name)


def _words(kind: type) -> str:
    if not (words := docstrings.of_class(kind)):
        raise docstrings.Undocumented(f"{kind.__module__}.{kind.__name__}")
    return docstrings.one_line(words.partition("\n\n")[0])


def _schema(kind: type[BaseModel]) -> JSON:
    return _ref("schemas", kind.__name__)


def _ref(section: str, name: str) -> JSON:
    return _pointer("components", section, name)


def _message_of(channel: str, name: str) -> JSON:
    return _pointer("channels", channel, "messages", name)


def _pointer(*parts: str) -> JSON:
    return {"$ref": "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)}
