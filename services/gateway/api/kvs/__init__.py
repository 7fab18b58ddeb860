"""The Kinesis Video Streams API, as its SDKs speak it: signed JSON, one POST an operation.

A fragment is a row of the segment log, a stream a stream of Weir.
"""

from fastapi import APIRouter

from services.gateway.api.kvs import clips, fragments, images, put_media, sessions, streams, tags

router = APIRouter(tags=["kinesis video"])
for _module in (streams, tags, fragments, sessions, clips, images, put_media):
    router.include_router(_module.router)
