"""What a sign-in may do, command by command, and how to get what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.graph.permissions import (
    COMMAND_NEEDS,
    CommandNeeds,
    how_to_grant,
    role_advice,
)
from scimdoctor.model.report import StatusVerdict

if TYPE_CHECKING:
    from scimdoctor.graph.access_token import AccessTokenClaims


def describe_sign_in(
    claims: AccessTokenClaims | None, *, portal: str, method: str
) -> StatusVerdict:
    """Return who is signed in, what is granted, and what each command still lacks."""
    if claims is None:
        return StatusVerdict(
            health="ok",
            subject="Sign-in",
            headline=f"Signed in ({method}).",
            facts=(("Permissions", "the token does not say; try a command"),),
        )
    return StatusVerdict(
        health="ok",
        subject="Sign-in",
        headline=_headline(claims),
        facts=(*_identity(claims, method), *_granted(claims), *_commands(claims)),
        next_steps=_next_steps(claims, portal),
    )


def _headline(claims: AccessTokenClaims) -> str:
    if claims.is_delegated:
        return f"Signed in as {claims.user or 'a person'}."
    return f"Signed in as the app {claims.app_name or claims.app_id or '?'}."


def _identity(claims: AccessTokenClaims, method: str) -> tuple[tuple[str, str], ...]:
    app = " ".join(part for part in (claims.app_name, claims.app_id) if part)
    expires = f"{claims.expires:%Y-%m-%d %H:%M} UTC" if claims.expires else ""
    found = (
        ("Tenant", claims.tenant or ""),
        ("App", app),
        ("Credential", "" if claims.is_delegated else method),
        ("Token valid until", expires),
    )
    return tuple((label, text) for label, text in found if text)


def _granted(claims: AccessTokenClaims) -> tuple[tuple[str, str], ...]:
    kind = "Delegated permissions" if claims.is_delegated else "Application permissions"
    permissions = ((kind, ", ".join(sorted(claims.permissions)) or "none"),)
    if not claims.directory_roles:
        return permissions
    return (*permissions, ("Directory roles", ", ".join(claims.directory_roles)))


def _commands(claims: AccessTokenClaims) -> tuple[tuple[str, str], ...]:
    return tuple((needs.command, _allowed(needs, claims)) for needs in COMMAND_NEEDS)


def _allowed(needs: CommandNeeds, claims: AccessTokenClaims) -> str:
    missing = dict.fromkeys(p for need in needs.required if (p := need.missing(claims)))
    if missing:
        return f"needs {', '.join(missing)}"
    if any(need.missing_role(claims) for need in needs.required):
        return "permitted, but a directory role is missing"
    extra = needs.optional.missing(claims) if needs.optional else None
    return f"allowed; {needs.optional_for} it needs {extra}" if extra else "allowed"


def _next_steps(claims: AccessTokenClaims, portal: str) -> tuple[str, ...]:
    """How to get what is missing: what only reads first, what changes jobs apart from it."""
    needs = dict.fromkeys(need for command in COMMAND_NEEDS for need in command.required)
    needs |= dict.fromkeys(c.optional for c in COMMAND_NEEDS if c.optional)
    steps = []
    for writes, prefix in ((False, ""), (True, "Only for provision and job: ")):
        wanted = [need for need in needs if (need.method != "GET") is writes]
        missing = dict.fromkeys(p for need in wanted if (p := need.missing(claims)))
        if missing:
            names = ", ".join(missing)
            grant = how_to_grant(names, delegated=claims.is_delegated, portal=portal)
            steps.append(f"{prefix}{grant}")
    lacking = [need for need in needs if need.missing_role(claims)]
    steps += dict.fromkeys(f"To {need.what}: {role_advice(need)}" for need in lacking)
    return tuple(steps)
