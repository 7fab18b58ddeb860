"""What the Kinesis Video Streams API answers when it refuses, as its clients know it.

The name stands in a header, the sentence in `Message`. What the rest of Weir refuses is translated.
"""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from libs.errors import WeirError
from libs.events import Track, TrackRange

BAD_REQUEST, UNAUTHORIZED, NOT_FOUND, UNAVAILABLE = 400, 401, 404, 503
_STATUSES = {
    401: ("NotAuthorized", UNAUTHORIZED),
    403: ("NotAuthorized", UNAUTHORIZED),
    404: ("ResourceNotFound", NOT_FOUND),
    429: ("ClientLimitExceeded", BAD_REQUEST),
}
"""By Weir's status: name and published status."""
_FIRST_SERVER_ERROR = 500


class KVSError(Exception):
    """A refusal by its published name."""

    def __init__(self, name: str, sentence: str, *, status: int = BAD_REQUEST) -> None:
        super().__init__(sentence)
        self.name = f"{name}Exception"
        self.status = status


def invalid(sentence: str) -> KVSError:
    return KVSError("InvalidArgument", sentence)


def unknown(sentence: str) -> KVSError:
    return KVSError("ResourceNotFound", sentence, status=NOT_FOUND)


def check_pictures(tracks: Iterable[Track | TrackRange]) -> None:
    """Refuse media that published clients do not play: sound alone. Weir's own URLs play it."""
    if all(track.kind != "video" for track in tracks):
        raise KVSError("UnsupportedStreamMediaType", "No track of the stream is video.")


_NAMES = {
    "stream_exists": "ResourceInUse",
    "clip_mixed": "InvalidCodecPrivateData",
    "init_missing": "MissingCodecPrivateData",
    "codec_configuration_invalid": "InvalidCodecPrivateData",
}
"""By Weir's own code."""


def translated(error: WeirError) -> KVSError:
    sentence = str(error)
    if error.code in _NAMES:
        return KVSError(_NAMES[error.code], sentence)
    if error.status >= _FIRST_SERVER_ERROR:
        return KVSError("ServiceUnavailable", sentence, status=UNAVAILABLE)
    if error.status in _STATUSES:
        name, status = _STATUSES[error.status]
        return KVSError(name, sentence, status=status)
    return invalid(sentence)


class KVSRoute(APIRoute):
    """A route whose refusals have the published form."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_published(request: Request) -> Response:
            try:
                return await handle(request)
            except KVSError as error:
                return _response(error)
            except WeirError as error:
                return _response(translated(error))

        return handle_published


def _response(error: KVSError) -> Response:
    # SDKs read the second of these names, the published error tables say the first.
    headers = {"x-amz-ErrorType": error.name, "x-amzn-ErrorType": error.name}
    return JSONResponse({"Message": str(error)}, status_code=error.status, headers=headers)
