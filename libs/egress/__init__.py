"""The one door to addresses that users name: relay targets, pictures, imports, webhooks."""

from libs.egress.addresses import Network, is_public
from libs.egress.errors import EgressRefused, EgressUnresolved
from libs.egress.guard import Egress, Place
from libs.egress.own import OwnPlaces

__all__ = [
    "Egress",
    "EgressRefused",
    "EgressUnresolved",
    "Network",
    "OwnPlaces",
    "Place",
    "is_public",
]
