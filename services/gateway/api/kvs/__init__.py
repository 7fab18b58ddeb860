"""The Kinesis Video Streams API, as its SDKs speak it: signed JSON, one POST an operation.

A fragment is a row of the segment log, a stream a stream of Weir.
"""

from fastapi import APIRouter

from services.gateway.api.kvs import clips, fragments, images, sessions, streams, tags

router = APIRouter(tags=["kinesis video"])
for _module in (streams, tags, fragments, sessions, clips, images):
    router.include_router(_module.router)
