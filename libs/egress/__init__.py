"""The one door to addresses that users name: relay targets, pictures, imports, webhooks."""

from libs.egress.addresses import Network, is_public
from libs.egress.errors import EgressRefused, EgressUnresolved, FetchFailed
from libs.egress.fetch import Fetched, Opened, check_url, fetch, open_url
from libs.egress.guard import Egress, Place
from libs.egress.own import OwnPlaces
from libs.egress.post import Answered, Poster

__all__ = [
    "Answered",
    "Egress",
    "EgressRefused",
    "EgressUnresolved",
    "FetchFailed",
    "Fetched",
    "Network",
    "Opened",
    "OwnPlaces",
    "Place",
    "Poster",
    "check_url",
    "fetch",
    "is_public",
    "open_url",
]
