"""What `scimdoctor` says when it is called with no command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scimdoctor.cli.session import Session
    from scimdoctor.config import Settings


def greet(session: Session) -> None:
    """Say what scimdoctor is for, what is set up, and the three most useful next commands."""
    from scimdoctor import __version__

    settings = session.settings
    lines = [
        f"scimdoctor {__version__}: why does provisioning from Entra ID fail, and who fixes it?",
        "",
        *(f"  {name:<10} {state}" for name, state in _state(session)),
        "",
        "Next:",
        *(f"  {command:<44} {why}" for command, why in _next(settings)),
        "",
        "All commands: scimdoctor --help",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _state(session: Session) -> Iterator[tuple[str, str]]:
    settings = session.settings
    tenant = settings.tenant
    yield "tenant", f"{tenant} ({settings.cloud})" if tenant else "not set"
    yield "sign-in", _sign_in(settings)
    yield "app", settings.app or "not set"
    yield "endpoint", _endpoint(settings.endpoint)
    yield "archive", _archive(session.archive_root)


def _endpoint(url: str | None) -> str:
    """The address alone: a profile may hold credentials in the URL all the same."""
    from scimdoctor.cli.endpoint_session import parse_tenant_url
    from scimdoctor.errors import ConfigurationError

    try:
        return parse_tenant_url(url).base_url if url else "not set"
    except ConfigurationError as error:
        return f"not usable: {error.message}"


def _sign_in(settings: Settings) -> str:
    from scimdoctor.graph.token_cache import cache_path

    if not settings.auth.is_delegated:
        return f"by {settings.auth}, no login needed"
    path = cache_path(settings.sign_in) if settings.tenant and settings.client_id else None
    return "kept on this machine" if path is not None and path.exists() else "not signed in"


def _archive(folder: Path) -> str:
    kept = folder.is_dir() and any(folder.rglob("*.parquet"))
    return "has events: scimdoctor archive list" if kept else "empty"


def _next(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.tenant:
        yield "scimdoctor demo", "see it work, without a tenant"
        yield "scimdoctor diagnose --from EVENTS.json", "read a saved log"
        yield "scimdoctor login --tenant … --client-id …", "sign in to your tenant"
        return
    app = f'"{settings.app}"' if settings.app else "APP"
    yield f"scimdoctor diagnose {app}", "what is wrong, and who fixes it"
    yield f"scimdoctor logs {app} --summary", "failures, grouped by cause"
    yield "scimdoctor check-endpoint URL", "test the app's SCIM endpoint as Entra uses it"
