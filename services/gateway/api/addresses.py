"""Under which addresses a tenant's streams are pushed to and watched."""

from typing import NamedTuple
from urllib.parse import urlsplit

from libs.domain_url import DomainKind
from libs.events import Domains
from services.gateway.settings import GatewaySettings


class Addresses(NamedTuple):
    """`scheme://host[:port]` of each."""

    push: str
    secure_push: str | None
    """Over TLS; None where no certificate is configured."""
    pull: str

    @property
    def push_server(self) -> str:
        """What stands in OBS's field "Server"."""
        return f"{self.push}/stream"


def pick(settings: GatewaySettings, domains: Domains) -> Addresses:
    """The default domains; where there is none, what the settings say."""
    secure = settings.rtmps_public_url
    secure_push = secure.rstrip("/") if secure else None
    push = default_of(domains, "push")
    if push is not None and push.startswith("rtmps:"):
        secure_push = push
    elif push is not None and secure_push is not None:
        secure_push = _on_host(push, secure_push)
    return Addresses(
        push=push or settings.rtmp_public_url.rstrip("/"),
        secure_push=secure_push,
        pull=default_of(domains, "pull") or settings.public_url.rstrip("/"),
    )


def default_of(domains: Domains, kind: DomainKind) -> str | None:
    for domain in domains.domains:
        if domain.kind == kind and domain.is_default:
            return domain.url
    return None


def host_of(url: str) -> str:
    """Without the port; an IPv6 address in its brackets."""
    netloc = urlsplit(url).netloc
    port = urlsplit(url).port
    return netloc if port is None else netloc.removesuffix(f":{port}")


def port_of(url: str) -> str:
    """`:1935`, or nothing if it is the scheme's own."""
    port = urlsplit(url).port
    return "" if port is None else f":{port}"


def _on_host(push: str, secure: str) -> str:
    """The listener over TLS is at the same host, at the port that the settings say."""
    return f"rtmps://{host_of(push)}{port_of(secure)}"
