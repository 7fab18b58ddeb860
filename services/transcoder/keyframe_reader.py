"""Reads the first keyframes of segments out of the store."""

from collections import OrderedDict

from libs.events import StoredPicture
from libs.media.cmaf_reader import read_configuration
from libs.media.codec import (
    AudioConfig,
    CodecConfigurationInvalid,
    CodecUnsupported,
    VideoConfig,
)
from libs.storage import ObjectStore
from services.transcoder.first_picture import Keyframe, NoPicture, keyframe_of

CONFIGURATIONS = 1000
"""Kept: one for each stream on air would do. Their keys name what they hold, so none is old."""


class KeyframeReader:
    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._configurations: OrderedDict[str, VideoConfig | AudioConfig] = OrderedDict()

    async def read(self, picture: StoredPicture) -> Keyframe:
        """Raises `NoPicture`, `ObjectMissing` and `StoreUnavailable`."""
        config = await self._configuration(picture.init_key)
        chunks = await self._store.get(
            picture.object_key, offset=picture.offset, size=picture.size_bytes
        )
        return keyframe_of(config, chunks)

    async def _configuration(self, key: str) -> VideoConfig | AudioConfig:
        found = self._configurations.pop(key, None)
        if found is None:
            try:
                found = read_configuration(await self._store.get(key))
            except (CodecConfigurationInvalid, CodecUnsupported) as error:
                raise NoPicture(f"{key} is no codec configuration of ours: {error}") from error
        self._configurations[key] = found
        if len(self._configurations) > CONFIGURATIONS:
            self._configurations.popitem(last=False)
        return found
