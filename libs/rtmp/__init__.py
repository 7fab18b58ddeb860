"""RTMP: handshake, chunk stream, messages, and the server that ingest stands behind."""

from libs.rtmp.door import Door, Limits, PublishHandle, StreamRequest
from libs.rtmp.errors import RTMPRefused, RTMPViolation
from libs.rtmp.server import RTMPServer

__all__ = [
    "Door",
    "Limits",
    "PublishHandle",
    "RTMPRefused",
    "RTMPServer",
    "RTMPViolation",
    "StreamRequest",
]
