"""Why a session's tags cannot be had.

WeirError
├── Fenced        IngestFenced        a newer epoch of the same reader has the session
├── NotFound      SessionUnknown      the asked ingest has no such session
│                 RungUnknown         the session has no such rung (yet)
└── Unavailable   IngestAway          ingest does not answer, or the pull broke
"""

from libs.errors import Fenced, NotFound, Unavailable


class IngestFenced(Fenced):
    pass


class SessionUnknown(NotFound):
    code = "session_unknown"


class RungUnknown(NotFound):
    code = "rung_unknown"


class IngestAway(Unavailable):
    code = "ingest_away"
