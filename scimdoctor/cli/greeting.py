"""What `scimdoctor` says when it is called with no command."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.cli.session import Session
    from scimdoctor.config import Settings


def greet(session: Session) -> None:
    """Say what scimdoctor is for, what is set up, and the three most useful next commands."""
    from scimdoctor import __version__

    settings = session.settings
    lines = [
        f"scimdoctor {__version__}: why does provisioning from Entra ID fail, and who fixes it?",
        "",
        *(f"  {name:<10} {state}" for name, state in _state(settings)),
        "",
        "Next:",
        *(f"  {command:<44} {why}" for command, why in _next(settings)),
        "",
        "All commands: scimdoctor --help",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _state(settings: Settings) -> Iterator[tuple[str, str]]:
    tenant = settings.tenant
    yield "tenant", f"{tenant} ({settings.cloud})" if tenant else "not set"
    yield "app", settings.app or "not set"
    yield "endpoint", settings.endpoint or "not set"


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
