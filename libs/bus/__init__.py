"""The bus: NATS JetStream behind facts, jobs, asks, leases and a registry."""

from libs.bus.bus import Bus
from libs.bus.errors import AskTimedOut, BusUnavailable, MessageUndecodable, RemoteError
from libs.bus.following import Logged
from libs.bus.leases import Lease, LeaseRecord, Leases
from libs.bus.logs import LogState, ReaderState
from libs.bus.registry import Entry, Registry
from libs.bus.service_urls import ServiceURLs
from libs.bus.tracing import handling_all, trace_headers, trace_id_of, traceparent, within

__all__ = [
    "AskTimedOut",
    "Bus",
    "BusUnavailable",
    "Entry",
    "Lease",
    "LeaseRecord",
    "Leases",
    "LogState",
    "Logged",
    "MessageUndecodable",
    "ReaderState",
    "Registry",
    "RemoteError",
    "ServiceURLs",
    "handling_all",
    "trace_headers",
    "trace_id_of",
    "traceparent",
    "within",
]
