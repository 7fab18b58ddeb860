"""Whether a presigned URL opens what it names: its signature, its time, and who shows it."""

import ipaddress
from typing import Annotated

from fastapi import Depends, Request

from libs.signing import AWSSignatureMalformed, AWSSignatureMissing, aws_parameters
from services.gateway.api.auth import Access
from services.gateway.api.house import House, TheHouse
from services.gateway.api.signed import verify
from services.gateway.errors import AddressWrong

EXPECTED_IP = "x-amz-expect-ip"


class Presigned(Access):
    """What a route asks whose URLs are signed: whoever has one may use it."""

    async def __call__(self, request: Request, house: TheHouse) -> dict[str, str]:
        """The signed parameters, by their names in lower case.

        Raises what `libs.signing.aws` raises, and `AddressWrong`.
        """
        return _check(request, house)


Parameters = Annotated[dict[str, str], Depends(Presigned())]


def _check(request: Request, house: House) -> dict[str, str]:
    query = request.scope["query_string"].decode("latin-1")
    parameters: dict[str, str] = {}
    for name, value in aws_parameters(query):
        if parameters.setdefault(name.lower(), value) != value:
            raise AWSSignatureMalformed(f"{name} is said twice.")
    if "x-amz-signature" not in parameters:
        raise AWSSignatureMissing("This URL has to be presigned.")
    if verify(request, house, b"").service != "s3":
        raise AWSSignatureMalformed("The credential's service must be s3.")
    if EXPECTED_IP in parameters:
        _check_address(parameters[EXPECTED_IP], request.client.host if request.client else "")
    return parameters


def _check_address(expected: str, asking: str) -> None:
    """`asking` is whoever asked, as proxies that are trusted say."""
    try:
        is_expected = _address(expected) == _address(asking)
    except ValueError:
        is_expected = False
    if not is_expected:
        raise AddressWrong("This URL is for another address than yours.")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(text.strip())
    return getattr(address, "ipv4_mapped", None) or address
