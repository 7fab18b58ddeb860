"""What can be heard of assets."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import Asset, AssetSound
from libs.names import SOURCE, is_sound
from services.catalog.models import RenditionRow, TrackRow


async def tell(tx: AsyncSession, assets: Sequence[Asset]) -> tuple[Asset, ...]:
    """The assets, each with its sounds as far as they are known."""
    sessions = {each.session for each in assets if each.session is not None}
    query = (
        select(RenditionRow, TrackRow)
        .join(
            TrackRow,
            and_(
                TrackRow.tenant_id == RenditionRow.tenant_id,
                TrackRow.session_id == RenditionRow.session_id,
                TrackRow.rendition == RenditionRow.rendition,
            ),
        )
        .where(RenditionRow.session_id.in_(sessions), TrackRow.kind == "audio")
        .order_by(RenditionRow.rendition, TrackRow.config_id)
    )
    found: dict[tuple[str, str], dict[str, AssetSound]] = defaultdict(dict)
    for rendition, track in await tx.execute(query):
        name = rendition.rendition
        if name == SOURCE or is_sound(name):
            its = found[rendition.tenant_id, rendition.session_id]
            # One with several configurations is told of once.
            its.setdefault(name, _show(rendition, track))
    return tuple(_with(each, found[each.tenant, each.session or ""]) for each in assets)


def _with(asset: Asset, sounds: dict[str, AssetSound]) -> Asset:
    ordered = sorted(sounds, key=lambda name: (name != SOURCE, name))
    return asset.model_copy(update={"audio_tracks": tuple(sounds[name] for name in ordered)})


def _show(rendition: RenditionRow, track: TrackRow) -> AssetSound:
    return AssetSound(
        language=rendition.language,
        label=rendition.label,
        is_default=rendition.rendition == SOURCE,
        codec=track.codec,
        channels=track.channels,
        sample_rate=track.sample_rate,
    )
