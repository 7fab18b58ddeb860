"""RTMP: handshake, chunk stream, messages, the server that ingest stands behind, a publisher."""

from libs.rtmp.audience import Audience
from libs.rtmp.certificate import Certificate
from libs.rtmp.client import RTMPPublisher
from libs.rtmp.door import (
    INSTALLATION,
    LOOP_STATUS,
    MAX_INSTALLATIONS,
    Door,
    Limits,
    PlayHandle,
    PublishHandle,
    StreamRequest,
)
from libs.rtmp.errors import (
    CertificateInvalid,
    RTMPRefused,
    RTMPUnreachable,
    RTMPURLInvalid,
    RTMPViolation,
)
from libs.rtmp.server import RTMPServer
from libs.rtmp.tls import TLSListener
from libs.rtmp.url import RTMPURL

__all__ = [
    "INSTALLATION",
    "LOOP_STATUS",
    "MAX_INSTALLATIONS",
    "RTMPURL",
    "Audience",
    "Certificate",
    "CertificateInvalid",
    "Door",
    "Limits",
    "PlayHandle",
    "PublishHandle",
    "RTMPPublisher",
    "RTMPRefused",
    "RTMPServer",
    "RTMPURLInvalid",
    "RTMPUnreachable",
    "RTMPViolation",
    "StreamRequest",
    "TLSListener",
]
