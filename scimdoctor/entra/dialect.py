"""The two spellings of Entra's PATCH requests, and the tenant URL that chooses between them.

Source: Microsoft, "SCIM protocol compliance of the provisioning service" (flags in the tenant URL).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

COMPLIANCE_FLAG = "aadOptscim062020"
LEGACY_FLAG = "AzureAdScimPatch2017"
_FLAGS = {COMPLIANCE_FLAG.casefold(), LEGACY_FLAG.casefold()}


class Dialect(StrEnum):
    """How Entra spells a PATCH."""

    DEFAULT = "default"
    """`Add`/`Replace`/`Remove`, booleans as text, members removed by a value list."""

    COMPLIANT = "compliant"
    """What `aadOptscim062020` selects: lower case, booleans, pathless replace, member filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantUrl:
    """The tenant URL as typed in Entra, taken apart."""

    base_url: str
    """Where requests go: no trailing slash, no flags, no fragment."""

    dialect: Dialect = Dialect.DEFAULT
    flags: tuple[str, ...] = ()
    """Feature flags that were in the query string."""

    left_out: tuple[str, ...] = ()
    """Names of the other parameters there, which go into no request."""

    @classmethod
    def parse(cls, text: str) -> TenantUrl:
        """Take `text` apart.

        Parameters that are no feature flags stay in no request: Entra builds its own query.

        Raises:
            ValueError: `text` is not an http(s) URL with a host.

        """
        parts = urlsplit(text.strip())
        if parts.scheme.casefold() not in {"http", "https"} or not parts.hostname:
            raise ValueError("it is no http(s) URL with a host")
        if parts.port == 0 or not _is_host(parts.hostname):
            raise ValueError("no host or port can be called so")
        names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
        flags = tuple(name for name in names if name.casefold() in _FLAGS)
        compliant = any(flag.casefold() == COMPLIANCE_FLAG.casefold() for flag in flags)
        base = urlunsplit((parts.scheme.lower(), parts.netloc, parts.path.rstrip("/"), "", ""))
        dialect = Dialect.COMPLIANT if compliant else Dialect.DEFAULT
        others = tuple(name for name in names if name not in flags)
        return cls(base_url=base, dialect=dialect, flags=flags, left_out=others)


def _is_host(name: str) -> bool:
    """Whether `name` can be asked of DNS (RFC 1035 section 2.3.4), or is an address."""
    if ":" in name:
        return True
    try:
        labels = name.rstrip(".").encode("idna").split(b".")
    except UnicodeError:
        return False
    return all(re.fullmatch(rb"[\w-]{1,63}", label) for label in labels)


def encode_query(parameters: list[tuple[str, str]]) -> str:
    """Encode a query as Entra does: blanks as `+`, quotes as `%22` (SCIMReferenceCode issue 63)."""
    return urlencode(parameters)
