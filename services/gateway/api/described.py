"""An API whose reference says of each route what its caller must hold."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from services.gateway.api.auth import Access


class DescribedAPI(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        for route in iter_route_contexts(self.routes):
            operations = document["paths"].get(route.path_format, {})
            for access in declared(route):
                if access.permission is None:
                    continue
                for method in route.methods or ():
                    if method.lower() in operations:
                        operations[method.lower()]["x-permission"] = access.permission.value
        return document


def declared(route: RouteContext) -> list[Access]:
    """What the route asks of whoever calls it: one, unless somebody has forgotten it."""
    dependant: Dependant | None = getattr(route, "dependant", None)
    return [] if dependant is None else list(_accesses(dependant))


def _accesses(dependant: Dependant) -> Iterator[Access]:
    for each in dependant.dependencies:
        if isinstance(each.call, Access):
            yield each.call
        yield from _accesses(each)
