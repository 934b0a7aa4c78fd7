"""The ways to sign in to the app's SCIM endpoint, as Entra's provisioning settings offer them."""

from __future__ import annotations

from enum import StrEnum


class EndpointAuth(StrEnum):
    """How the app's SCIM endpoint is signed in to."""

    BEARER = "bearer"
    OAUTH = "oauth"
    NONE = "none"


class CredentialsIn(StrEnum):
    """Where OAuth client credentials go."""

    HEADER = "header"
    BODY = "body"
    BOTH = "both"
