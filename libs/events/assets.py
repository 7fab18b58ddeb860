"""Assets: what can be played on demand, how it is made of an upload, and what is asked about it.

An asset's media are a session's rows: of a session that was on air, or of one of its own, whose
rows are made by finite jobs. Times that end in `_90k` count from the source's first frame.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from libs.events.asks import PAGE_ROWS, Answer, Ask, Nothing
from libs.events.captions import PlannedCaption
from libs.events.envelope import Message
from libs.events.ladders import Rung
from libs.events.rows import Row, Segment, Track
from libs.events.uploads import UploadId
from libs.events.viewers import ViewPolicy
from libs.forensic import Variant
from libs.names import variant_b

AssetWay = Literal["upload", "session"]
AssetState = Literal["waiting", "processing", "ready", "failed"]
"""`waiting`: it is not known yet what is to be made; `processing`: its chunks are being made."""
MAX_ASSET_NAME = 200

AssetId = Annotated[str, Field(pattern="^asset-[0-9a-f]{16}$")]


# --- how one is made --------------------------------------------------------------------


class AssetVideo(Row):
    """The picture of the source."""

    index: int
    """Of its track in the file."""
    is_copied: bool
    """Whether the source's frames become rows as they are."""
    width: int
    """As it is shown, before its pixels are made square."""
    height: int
    pixel_aspect: tuple[int, int]
    frame_rate: tuple[int, int]
    """In lowest terms; of what has no steady one, about that."""
    turn: int = 0
    """By how many degrees it is turned to be shown: 0, 90, 180 or 270."""
    is_interlaced: bool = False


class AssetAudio(Row):
    """A sound of the source."""

    index: int
    is_copied: bool
    first_pts: int
    """Of its first frame, in ticks of the file."""
    language: str | None = None
    """BCP 47."""
    label: str | None = None
    """That no other of them has."""


class AssetRung(Row):
    """A picture that is encoded, and its size to the pixel."""

    rung: Rung
    """`bitrate_bps` 0: what stands for a source that is not played as it is."""
    width: int
    height: int
    variant: Variant | None = None
    """Of the forensic watermark; None: it has none."""

    @property
    def rendition(self) -> str:
        return variant_b(self.rung.name) if self.variant == "b" else self.rung.name


class AssetChunk(Row):
    """A run of segments that one job makes."""

    segments: int
    seek_pts: int | None
    """Of the keyframe that it begins with, in ticks of the file; None: there is no picture."""


class AssetPlan(Row):
    """What is to be made of a file: settled once, for all who make a part of it."""

    zero_90k: int
    """Of the source's first frame, by the file's own clock."""
    segments_90k: tuple[int, ...]
    """How long each lasts."""
    chunks: tuple[AssetChunk, ...]
    video: AssetVideo | None
    audio: AssetAudio | None
    """What is heard by who has chosen nothing."""
    sounds: tuple[AssetAudio, ...] = ()
    """The others; each becomes a rendition (`libs.names.sound`)."""
    rungs: tuple[AssetRung, ...]
    """The source's stand-in, if there is one, and the ladder's."""
    captions: tuple[PlannedCaption, ...] = ()
    """Of the texts in the file; the store has them already."""

    @property
    def duration_s(self) -> float:
        return sum(self.segments_90k) / 90_000


class AssetRows(Row):
    """What a chunk's job made."""

    rows: tuple[Segment, ...]
    tracks: dict[str, tuple[Track, ...]]
    """Codec configurations, by rendition."""


# --- what is said of one ----------------------------------------------------------------


class AssetFact(Message):
    asset: str
    tenant: str

    def natural_key(self) -> str:
        return self.asset

    def about(self) -> str:
        return self.asset


class AssetProgressed(AssetFact):
    """Another chunk of an asset is there."""

    name: ClassVar[str] = "asset.progressed"

    chunks: int
    chunks_done: int

    def natural_key(self) -> str:
        return f"{self.asset}:{self.chunks_done}"


class AssetReady(AssetFact):
    """An asset can be played."""

    name: ClassVar[str] = "asset.ready"

    stream: str
    session: str


class AssetFailed(AssetFact):
    """An asset cannot be made."""

    name: ClassVar[str] = "asset.failed"

    code: str
    reason: str


# --- what is asked ----------------------------------------------------------------------


class AssetSound(Answer):
    """One that can be chosen."""

    language: str | None
    label: str | None
    is_default: bool
    codec: str
    channels: int | None
    sample_rate: int | None


class Asset(Answer):
    id: str
    tenant: str
    name: str
    way: AssetWay
    state: AssetState
    upload: str | None
    stream: str
    """Under which it is played: the asset's own id, or that of the session's stream."""
    session: str | None
    """That has its rows; None: they are yet to be made."""
    view_policy: ViewPolicy
    is_cdn_allowed: bool = False
    """Whether a CDN that checks signatures may have it, too."""
    ladder: dict[str, Any] | None
    created_at: datetime
    updated_at: datetime
    chunks: int
    chunks_done: int
    duration_s: float | None
    is_watermarked: bool
    """Whether each rendition is there in two variants, so that a leak names its viewer."""
    audio_tracks: tuple[AssetSound, ...] = ()
    """The default first; known once a part of it is made."""
    job: str | None
    """That plans it."""
    error_code: str | None = None
    reason: str | None = None
    """Why it failed."""


class AssetPage(Answer):
    assets: tuple[Asset, ...]
    next_after: str | None = None


class CreateAsset(Ask[Asset]):
    """Make an asset of an upload that was accepted, or keep a session that is over as one.

    Errors: `upload_unknown`, `upload_not_accepted`, `session_unknown`, `session_not_over`,
    `asset_invalid`, `stream_field_invalid` (the ladder), `upload_quota_full`.
    """

    name: ClassVar[str] = "catalog.asset.create"
    answer: ClassVar[type[Answer]] = Asset

    tenant: str
    upload: UploadId | None = None
    session: str | None = None
    title: str | None = None
    """None: the file's name, or the session's stream."""
    ladder: Any = None
    """As in a stream's item."""
    view_policy: ViewPolicy | None = None
    """None: the stream's, or `public`."""
    is_cdn_allowed: bool = False
    """Of an upload. Never of what has a watermark: a CDN gives the same to all."""
    is_watermarked: bool = False
    """Make two variants of it; it is then `signed`."""


class GetAsset(Ask[Asset]):
    """One asset. Errors: `asset_unknown`."""

    name: ClassVar[str] = "catalog.asset.get"
    answer: ClassVar[type[Answer]] = Asset

    tenant: str
    asset: str


class ListAssets(Ask[AssetPage]):
    """Assets, newest first. Errors: `cursor_invalid`."""

    name: ClassVar[str] = "catalog.asset.list"
    answer: ClassVar[type[Answer]] = AssetPage

    tenant: str
    state: AssetState | None = None
    upload: str | None = None
    after: str | None = None
    limit: int = Field(default=200, ge=1, le=PAGE_ROWS)


class RenameAsset(Ask[Asset]):
    """Errors: `asset_unknown`, `asset_invalid`."""

    name: ClassVar[str] = "catalog.asset.rename"
    answer: ClassVar[type[Answer]] = Asset

    tenant: str
    asset: str
    title: str


class DeleteAsset(Ask[Nothing]):
    """It is not wanted any more: its own rows go, a session's are left to retention again.

    Errors: `asset_unknown`.
    """

    name: ClassVar[str] = "catalog.asset.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    asset: str


class Watchable(Answer):
    """Who may watch what is played under a stream's id."""

    tenant: str
    view_policy: ViewPolicy
    is_cdn_allowed: bool = False
    """Whether a CDN that checks signatures may have it, too."""
    revision: int


class GetWatchable(Ask[Watchable]):
    """Of a stream, or of the assets under that id. Errors: `stream_unknown`."""

    name: ClassVar[str] = "catalog.watchable.get"
    answer: ClassVar[type[Answer]] = Watchable

    tenant: str
    stream: str
