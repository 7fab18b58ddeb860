"""What can go wrong in the packager.

WeirError
├── Fenced        IngestFenced        a newer epoch packages the session
├── NotFound      SessionUnknown      this packager (or the asked ingest) has no such session
│                 MediaUnknown        the session has no such segment or init segment
└── Unavailable   IngestAway          ingest does not answer, or the pull broke
                  MediaNotYet         about to exist; ask again
"""

from libs.errors import Fenced, NotFound, Unavailable


class IngestFenced(Fenced):
    pass


class SessionUnknown(NotFound):
    code = "session_unknown"


class MediaUnknown(NotFound):
    code = "media_unknown"


class MediaNotYet(Unavailable):
    code = "media_not_yet"


class IngestAway(Unavailable):
    code = "ingest_away"
