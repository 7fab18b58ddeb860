"""Why somebody may not say something, or not now.

WeirError
├── Invalid
│   ├── MessageUnreadable   it is none of the protocol's
│   ├── NameWrong           too long, or nothing of it can be seen
│   ├── NameMissing         whoever speaks has to join with a name first
│   ├── TextEmpty           nothing of it can be seen
│   └── TextTooLong
├── Forbidden
│   ├── ChatClosed          nobody but moderators may speak
│   ├── AuthorBanned        a moderator has taken the word from them
│   └── OriginForeign       a page of another origin wants to speak
├── TooMany
│   ├── TooFast             more messages than anybody may say
│   ├── SlowMode            the chat's own pause between two messages
│   └── ConnectionsTooMany  of one address
└── Unavailable
    └── ParticipantsTooMany of this gateway
"""

from libs.errors import Forbidden, Invalid, TooMany, Unavailable


class MessageUnreadable(Invalid):
    code = "message_unreadable"


class NameWrong(Invalid):
    code = "chat_name_wrong"


class NameMissing(Invalid):
    code = "chat_name_missing"


class TextEmpty(Invalid):
    code = "chat_text_empty"


class TextTooLong(Invalid):
    code = "chat_text_too_long"


class ChatClosed(Forbidden):
    code = "chat_closed"


class AuthorBanned(Forbidden):
    code = "chat_banned"


class OriginForeign(Forbidden):
    code = "origin_foreign"


class TooFast(TooMany):
    code = "chat_too_fast"

    def __init__(self, words: str, *, wait_s: float) -> None:
        super().__init__(words)
        self.wait_s = wait_s


class SlowMode(TooFast):
    code = "chat_slow_mode"


class ConnectionsTooMany(TooMany):
    code = "chat_connections_too_many"


class ParticipantsTooMany(Unavailable):
    code = "chat_participants_too_many"
