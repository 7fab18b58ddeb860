"""`weir user` and `weir key`: who may call the API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from libs.errors import NotFound
from libs.launcher.api import api_of
from libs.permissions import Permission, Role

ROLES = click.Choice([role.value for role in Role])
PERMISSIONS = click.Choice([*(role.value for role in Role), *(each.value for each in Permission)])


class UserMissing(NotFound):
    code = "user_missing"


@click.group()
def user() -> None:
    """Who signs in, beside the owner in the credentials."""


@user.command()
@click.argument("name")
@click.option("--role", type=ROLES, default=Role.VIEWER.value, show_default=True)
@click.option("--ask", is_flag=True, help="Ask for the password [default: Weir makes one].")
@click.pass_obj
def add(options: dict[str, object], name: str, role: str, *, ask: bool) -> None:
    """Make the user NAME, and say the password."""
    body = {"name": name, "role": role}
    if ask:
        body["password"] = _asked()
    made = api_of(options).call("POST", "/api/v1/users", body)
    click.echo(f"{made['id']}  {made['name']}  {made['role']}")
    if made["password"]:
        click.echo(f"Password, told just now: {made['password']}")


@user.command("list")
@click.pass_obj
def list_users(options: dict[str, object]) -> None:
    """List the users."""
    for each in api_of(options).pages("/api/v1/users", "users"):
        state = "disabled" if each["is_disabled"] else "enabled"
        last = each["signed_in_at"] or "never"
        click.echo(f"{each['id']}  {each['role']:8}  {state:8}  {each['name']}  signed in: {last}")


@user.command()
@click.argument("name")
@click.pass_obj
def password(options: dict[str, object], name: str) -> None:
    """Give the user NAME a new password; it is signed out everywhere."""
    _change(options, name, {"password": _asked()})


@user.command()
@click.argument("name")
@click.argument("role", type=ROLES)
@click.pass_obj
def role(options: dict[str, object], name: str, role: str) -> None:
    """Make the user NAME a viewer, an operator or an owner."""
    _change(options, name, {"role": role})


@user.command()
@click.argument("name")
@click.pass_obj
def disable(options: dict[str, object], name: str) -> None:
    """Sign the user NAME out, and let it sign in no more. Its API keys go on: `weir key list`."""
    _change(options, name, {"is_disabled": True})


@user.command()
@click.argument("name")
@click.pass_obj
def enable(options: dict[str, object], name: str) -> None:
    """Let the user NAME sign in again."""
    _change(options, name, {"is_disabled": False})


@click.group()
def key() -> None:
    """Keys of programs, beside the owner's in the credentials."""


@key.command("add")
@click.argument("name")
@click.option(
    "--allow",
    "allowed",
    type=PERMISSIONS,
    multiple=True,
    required=True,
    metavar="PERMISSION",
    help="What it is good for, such as streams:read, or all that a role may. Repeat it.",
)
@click.option("--streams", "prefix", default="", help="Only streams whose ids begin so.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), help="Until it expires.")
@click.pass_obj
def add_key(
    options: dict[str, object],
    name: str,
    allowed: tuple[str, ...],
    prefix: str,
    days: float | None,
) -> None:
    """Make a key called NAME, and say it."""
    body: dict[str, Any] = {
        "name": name,
        "permissions": sorted(_permissions(allowed)),
        "stream_prefix": prefix,
    }
    if days is not None:
        body["expires_at"] = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    made = api_of(options).call("POST", "/api/v1/api-keys", body)
    click.echo(f"{made['id']}  {made['name']}")
    click.echo(f"Key, told just now: {made['key']}")


@key.command("list")
@click.pass_obj
def list_keys(options: dict[str, object]) -> None:
    """List the keys."""
    for each in api_of(options).pages("/api/v1/api-keys", "keys"):
        streams = f"  streams: {each['stream_prefix']}…" if each["stream_prefix"] else ""
        used, until = each["used_at"] or "never", each["expires_at"] or "revoked"
        click.echo(
            f"{each['id']}  {each['name']}  by {each['created_by']}  used: {used}  until {until}"
            f"{streams}  {' '.join(each['permissions'])}"
        )


@key.command()
@click.argument("key_id")
@click.pass_obj
def revoke(options: dict[str, object], key_id: str) -> None:
    """Revoke the key KEY_ID; it opens nothing from now on."""
    api_of(options).call("DELETE", f"/api/v1/api-keys/{key_id}")


def _permissions(allowed: tuple[str, ...]) -> set[str]:
    roles = {role.value: role for role in Role}
    found: set[str] = set()
    for word in allowed:
        found |= set(roles[word].permissions) if word in roles else {word}
    return found


def _asked() -> str:
    said: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return said


def _change(options: dict[str, object], name: str, change: dict[str, Any]) -> None:
    """Raises `UserMissing`."""
    api = api_of(options)
    for each in api.pages("/api/v1/users", "users"):
        if each["name"] == name.lower():
            api.call("PATCH", f"/api/v1/users/{each['id']}", change)
            return
    raise UserMissing(f"There is no user {name!r}; `weir user list` says who there is.")
