"""Tokens read for display, permissions, and what each command still lacks."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.graph import permissions
from scimdoctor.graph.access_token import AccessTokenClaims, read_claims
from scimdoctor.graph.clouds import Cloud
from scimdoctor.graph.granted import describe_sign_in
from scimdoctor.graph.permissions import COMMAND_NEEDS, need_of
from scimdoctor.redaction import Secret

PORTAL = "https://entra.microsoft.com"
SP = "/servicePrincipals/22222222-2222-4222-8222-222222222222"


def token(payload: Any) -> Secret:
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return Secret(f"e30.{body}.sig")


def test_a_delegated_token() -> None:
    claims = read_claims(
        token(
            {
                "scp": "User.Read AuditLog.Read.All",
                "wids": ["4A5D8F65-41da-4de4-8968-e035b65339cf", "unknown"],
                "upn": "ada@example.com",
                "tid": "t",
                "appid": "a",
                "exp": 1_790_000_000,
            }
        )
    )
    assert claims
    assert claims.is_delegated
    assert claims.permissions == {"User.Read", "AuditLog.Read.All"}
    assert claims.directory_roles == ("Reports Reader",)
    assert claims.expires == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["opaque", "", "a.b.c", "a.%%%.c", f"a.{base64.b64encode(b'[1]').decode()}.c", "a..c"]
)
def test_tokens_that_say_nothing(text: str) -> None:
    assert read_claims(Secret(text)) is None


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5) | st.floats(),
                    lambda x: st.lists(x, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["scp", "roles", "wids", "exp", "tid", "upn"]), x),
                    max_leaves=10))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_reading_claims_never_raises(payload: Any) -> None:
    read_claims(token(payload))


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("GET", "/auditLogs/provisioning", permissions.PROVISIONING_LOG),
        ("GET", "/auditLogs/directoryAudits", permissions.AUDIT_LOG),
        ("GET", f"{SP}/synchronization/jobs", permissions.SYNCHRONIZATION_READ),
        ("GET", f"{SP}/synchronization/jobs/a.b/schema", permissions.SYNCHRONIZATION_READ),
        ("GET", f"{SP}/synchronization/secrets", permissions.SYNCHRONIZATION_SECRETS),
        ("POST", f"{SP}/synchronization/jobs/a.b/restart", permissions.SYNCHRONIZATION_WRITE),
        ("GET", "/servicePrincipals", permissions.APPLICATIONS),
        ("GET", "/servicePrincipals(appId='x')", permissions.APPLICATIONS),
        ("GET", f"{SP}/appRoleAssignedTo", permissions.APPLICATIONS),
        ("GET", "/users/1/manager", permissions.USERS),
        ("GET", "/directory/deletedItems/microsoft.graph.user/1", permissions.USERS),
        ("GET", "/groups/1/members", permissions.GROUPS),
        ("GET", "/organization", permissions.ORGANIZATION),
        ("GET", "/planner", None),
        ("POST", "/users", None),
    ],
)
def test_need_of_a_call(method: str, path: str, need: permissions.Need | None) -> None:
    assert need_of(method, path) is need


def facts(claims: AccessTokenClaims) -> dict[str, str]:
    return dict(describe_sign_in(claims, portal=PORTAL, method="browser").facts)


def test_everything_granted() -> None:
    every = frozenset(need.permissions[0] for need in permissions.ALL_NEEDS)
    found = describe_sign_in(
        AccessTokenClaims(roles=every, app_name="lab"), portal=PORTAL, method="secret"
    )
    assert found.headline == "Signed in as the app lab."
    assert found.next_steps == ()
    assert {dict(found.facts)[needs.command] for needs in COMMAND_NEEDS} == {"allowed"}


def test_what_is_missing_is_named_with_the_way_to_grant_it() -> None:
    claims = AccessTokenClaims(scopes=frozenset({"AuditLog.Read.All"}), user="ada@example.com")
    found = describe_sign_in(claims, portal=PORTAL, method="browser")
    assert found.headline == "Signed in as ada@example.com."
    assert facts(claims)["logs"] == "allowed; to name an app it needs Application.Read.All"
    assert facts(claims)["status"] == "needs Application.Read.All, Synchronization.Read.All"
    steps = found.next_steps[0]
    assert PORTAL in steps
    assert "Synchronization.Read.All" in steps
    assert "Delegated permissions" in steps
    assert found.next_steps[1].startswith("Only for provision and job: Grant Synchronization.Rea")


def test_a_missing_directory_role_is_named() -> None:
    granted = frozenset({"Application.Read.All", "Synchronization.Read.All", "AuditLog.Read.All"})
    claims = AccessTokenClaims(
        scopes=granted, user="ada@example.com", directory_roles=("Global Reader",)
    )
    assert facts(claims)["status"] == "permitted, but a directory role is missing"
    assert facts(claims)["logs"] == "allowed"
    steps = describe_sign_in(claims, portal=PORTAL, method="browser").next_steps
    assert any("Hybrid Identity Administrator" in step for step in steps)


def test_a_global_administrator_lacks_no_role() -> None:
    claims = AccessTokenClaims(user="a", directory_roles=("Global Administrator",))
    assert not permissions.SYNCHRONIZATION_READ.missing_role(claims)


def test_an_opaque_token() -> None:
    assert "does not say" in describe_sign_in(None, portal=PORTAL, method="x").facts[0][1]


@pytest.mark.parametrize("cloud", Cloud)
def test_every_cloud_has_hosts(cloud: Cloud) -> None:
    hosts = cloud.hosts
    for url in (hosts.graph, hosts.authority, hosts.portal, hosts.log_analytics):
        assert url.startswith("https://")
        assert not url.endswith("/")
