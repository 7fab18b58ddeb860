"""Roles are sets of permissions, each within the next."""

import re

from libs.names import DEFAULT_TENANT
from libs.permissions import ALL, OF_THE_INSTALLATION, Permission, Role, known

SECRETS = {Permission.KEYS_READ, Permission.WATERMARKS_READ, Permission.AUDIT_READ}


def test_each_role_may_all_of_the_one_before() -> None:
    assert Role.VIEWER.permissions < Role.OPERATOR.permissions < Role.OWNER.permissions == ALL


def test_viewer_only_reads_and_reads_no_secret() -> None:
    assert all(permission.is_read for permission in Role.VIEWER.permissions)
    assert not Role.VIEWER.permissions & SECRETS


def test_operator_gives_nobody_anything() -> None:
    of_owner = ALL - Role.OPERATOR.permissions
    assert {Permission.USERS_WRITE, Permission.API_KEYS_WRITE, Permission.AUDIT_READ} <= of_owner


def test_permission_is_a_noun_and_a_verb() -> None:
    for permission in Permission:
        assert re.fullmatch(r"[a-z_]+:(read|write|delete|publish)", permission)


def test_unknown_words_allow_nothing() -> None:
    assert known(["streams:read", "streams:*", "*", ""]) == {Permission.STREAMS_READ}


def test_what_concerns_all_tenants_is_held_in_the_installations_own_only() -> None:
    assert Role.OWNER.permissions_in(DEFAULT_TENANT) == ALL
    assert Role.OWNER.permissions_in("acme") == ALL - OF_THE_INSTALLATION
    assert Permission.TENANTS_READ in Role.OWNER.permissions_in("acme")
