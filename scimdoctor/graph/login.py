"""Signing in once, for `scimdoctor login`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.graph.access_token import read_claims
from scimdoctor.graph.connect import sign_in_http
from scimdoctor.progress import SILENT, Progress

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from scimdoctor.graph.access_token import AccessTokenClaims
    from scimdoctor.graph.sign_in import SignIn


def log_in(
    sign_in: SignIn,
    *,
    ca_file: Path | None = None,
    progress: Progress = SILENT,
    transport: httpx.BaseTransport | None = None,
) -> AccessTokenClaims | None:
    """Sign in now and return what the token says; a person's sign-in is kept for later commands.

    Signing in as an app only proves that the credential works: nothing is kept.

    Raises:
        AuthenticationError: Microsoft refused or could not be reached.
        ConfigurationError: something that the method needs is not set.
    """
    from scimdoctor.graph.auth import DelegatedTokens, build_token_provider

    scopes = (sign_in.graph_scope,)
    with sign_in_http(sign_in, ca_file=ca_file, transport=transport) as http:
        tokens = build_token_provider(sign_in, http=http, progress=progress, interactive=True)
        if isinstance(tokens, DelegatedTokens):
            return read_claims(tokens.sign_in_anew(scopes))
        return read_claims(tokens.token(scopes))
