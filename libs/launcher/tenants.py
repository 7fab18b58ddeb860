"""`weir tenant`: who shares the installation, and how much each may take."""

from typing import Any

import click

from libs.events.tenants import Quotas
from libs.launcher.api import api_of

NO_LIMIT = "none"


@click.group()
def tenant() -> None:
    """Who shares this Weir: each sees its own streams, assets and users only."""


def _quota(
    context: click.Context, parameter: click.Parameter, said: tuple[str, ...]
) -> dict[str, int | None]:
    """`streams=10` or `streams=none`, each."""
    del context
    quotas: dict[str, int | None] = {}
    for each in said:
        name, _, limit = each.partition("=")
        if name not in Quotas.model_fields or not (limit.isdigit() or limit == NO_LIMIT):
            raise click.BadParameter(
                f"{each!r}: say one of {', '.join(Quotas.model_fields)}, `=` and a number or"
                f" `{NO_LIMIT}`.",
                param=parameter,
            )
        quotas[name] = None if limit == NO_LIMIT else int(limit)
    return quotas


_QUOTAS = click.option(
    "--quota",
    "quotas",
    multiple=True,
    metavar="NAME=LIMIT",
    callback=_quota,
    help="Such as streams=10 or storage_bytes=none. Repeat it.",
)


@tenant.command()
@click.argument("tenant_id", metavar="ID")
@click.option("--owner", required=True, help="Its first owner, who signs in by this name.")
@click.option("--title", default="", help="What it is called.")
@_QUOTAS
@click.pass_obj
def add(
    options: dict[str, object], tenant_id: str, owner: str, title: str, quotas: dict[str, int]
) -> None:
    """Make the tenant ID with its owner, and say the password."""
    body = {"id": tenant_id, "owner": owner, "title": title, "quotas": quotas}
    made = api_of(options).call("POST", "/api/v1/tenants", body)
    click.echo(f"{made['id']}  owner: {made['owner']}")
    click.echo(f"Password, told just now: {made['password']}")


@tenant.command("list")
@click.pass_obj
def list_tenants(options: dict[str, object]) -> None:
    """List the tenants and their quotas."""
    for each in api_of(options).pages("/api/v1/tenants", "tenants"):
        state = "disabled" if each["is_disabled"] else "enabled"
        limits = (f"{name}={limit}" for name, limit in each["quotas"].items() if limit is not None)
        click.echo("  ".join(filter(None, (each["id"], state, each["title"], *limits))))


@tenant.command("set")
@click.argument("tenant_id", metavar="ID")
@click.option("--title", default=None, help="What it is called.")
@_QUOTAS
@click.pass_obj
def set_quotas(
    options: dict[str, object], tenant_id: str, title: str | None, quotas: dict[str, int]
) -> None:
    """Set quotas or the title of the tenant ID; others stay."""
    body: dict[str, Any] = {"quotas": quotas}
    if title is not None:
        body["title"] = title
    _change(options, tenant_id, body)


@tenant.command()
@click.argument("tenant_id", metavar="ID")
@click.pass_obj
def disable(options: dict[str, object], tenant_id: str) -> None:
    """Sign everybody of the tenant ID out, and end what it has on air."""
    _change(options, tenant_id, {"is_disabled": True})


@tenant.command()
@click.argument("tenant_id", metavar="ID")
@click.pass_obj
def enable(options: dict[str, object], tenant_id: str) -> None:
    """Let the tenant ID in again."""
    _change(options, tenant_id, {"is_disabled": False})


@tenant.command()
@click.argument("tenant_id", metavar="ID")
@click.pass_obj
def usage(options: dict[str, object], tenant_id: str) -> None:
    """Say what the tenant ID takes now, and what it may."""
    found = api_of(options).call("GET", f"/api/v1/tenants/{tenant_id}/usage")
    for name, used in found["use"].items():
        limit = found["quotas"][name]
        click.echo(f"{name:14} {used} of {'no limit' if limit is None else limit}")


def _change(options: dict[str, object], tenant_id: str, body: dict[str, Any]) -> None:
    api_of(options).call("PATCH", f"/api/v1/tenants/{tenant_id}", body)
