"""What can go wrong before the services run."""

from libs.errors import Conflict, Invalid, NotFound, Unavailable


class DataDirUnusable(Invalid):
    code = "data_dir_unusable"


class DataDirBusy(Conflict):
    code = "data_dir_busy"


class CredentialsUnreadable(Invalid):
    code = "credentials_unreadable"


class CredentialsMissing(NotFound):
    code = "credentials_missing"


class NATSServerMissing(Unavailable):
    code = "nats_server_missing"
    retry = False


class PortTaken(Invalid):
    code = "port_taken"


class ForgeGone(Unavailable):
    code = "forge_gone"


class HouseNotReady(Unavailable):
    code = "house_not_ready"


class ServiceRefused(Invalid):
    """A service says that its settings cannot work: starting it again would not help."""

    code = "service_refused"
