"""Why a file is refused. No other try can do better.

Invalid
└── MediaRefused
    ├── MediaDisguised      something else under the name of a video
    ├── MediaBroken         it cannot be read, or nothing in it can be decoded
    ├── MediaExcessive      larger, longer, faster or dearer to read than is taken
    └── MediaUnsupported    no track of it is in a codec that is taken
"""

from libs.errors import Invalid


class MediaRefused(Invalid):
    code = "media_refused"


class MediaDisguised(MediaRefused):
    code = "media_disguised"


class MediaBroken(MediaRefused):
    code = "media_broken"


class MediaExcessive(MediaRefused):
    code = "media_excessive"


class MediaUnsupported(MediaRefused):
    code = "media_unsupported"
