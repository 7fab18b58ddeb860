"""What can go wrong before the services run."""

from libs.errors import Invalid, Unavailable


class NATSServerMissing(Unavailable):
    code = "nats_server_missing"
    retry = False


class PortTaken(Invalid):
    code = "port_taken"


class HouseNotReady(Unavailable):
    code = "house_not_ready"
