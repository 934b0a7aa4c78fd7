"""The settings file: reading it, choosing a profile, refusing what does not belong in it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from scimdoctor.errors import ConfigurationError
from scimdoctor.redaction import is_secret_header

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "SCIMDOCTOR_"
KEYS = frozenset(
    {
        "app",
        "archive",
        "auth",
        "authority_host",
        "ca_file",
        "cache",
        "certificate",
        "client_certificate",
        "client_id",
        "cloud",
        "endpoint",
        "endpoint_auth",
        "federated_token_file",
        "graph_host",
        "headers",
        "insecure_http",
        "oauth_client_id",
        "oauth_credentials_in",
        "oauth_scope",
        "oauth_token_url",
        "request_timeout",
        "tenant",
        "token_file",
        "workspace",
    }
)
"""What a profile may hold; the same names, in capitals after `SCIMDOCTOR_`, in the environment."""

SECRETS = (
    "client_secret",
    "certificate_passphrase",
    "endpoint_token",
    "oauth_client_secret",
)
"""What only the environment may hold."""

_TOP_LEVEL = frozenset({"default_profile", "profiles"})
_SECRET_NAME = re.compile(
    r"(secret|password|passphrase|token|api_?key|bearer|authorization)$", re.I
)


def read_file(path: Path, *, must_exist: bool) -> dict[str, Any]:
    """Return the TOML of `path`; nothing if it is absent and need not exist.

    Raises:
        ConfigurationError: it must exist and does not, cannot be read, or is no TOML.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text)
    except FileNotFoundError:
        if not must_exist:
            return {}
        raise ConfigurationError(
            f"There is no settings file {path}.", hint="Check --config or SCIMDOCTOR_CONFIG."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"The settings file {path} cannot be read: {error.strerror}."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The settings file {path} is no valid TOML: {error}",
            hint='Values stand in quotes, for example tenant = "contoso.com".',
        ) from error


def choose_profile(
    document: dict[str, Any], wanted: str | None, path: Path
) -> tuple[str | None, dict[str, Any]]:
    """Return name and table of the profile `wanted`, else the default, else the only one.

    Raises:
        ConfigurationError: there is no such profile, or the file holds an unknown key or a secret.
    """
    for key in document:
        if key not in _TOP_LEVEL:
            raise _unknown_key(key, where=str(path), known=_TOP_LEVEL)
    profiles = document.get("profiles", {})
    if not isinstance(profiles, dict) or not all(isinstance(p, dict) for p in profiles.values()):
        raise ConfigurationError(f"{path}: 'profiles' must hold tables like [profiles.contoso].")
    default = document.get("default_profile")
    if default is not None and not isinstance(default, str):
        raise ConfigurationError(
            f"{path}: 'default_profile' must be the name of a profile in quotes, not {default!r}."
        )
    name = wanted or default or _only(profiles)
    if name is None:
        return None, {}
    if name not in profiles:
        known = ", ".join(sorted(profiles)) or "none"
        raise ConfigurationError(
            f"There is no profile {name!r} in {path}.", hint=f"Profiles there: {known}."
        )
    _check_profile(profiles[name], f"{path}, [profiles.{name}]")
    return str(name), dict(profiles[name])


def _only(profiles: dict[str, Any]) -> str | None:
    return next(iter(profiles)) if len(profiles) == 1 else None


def _check_profile(table: dict[str, Any], where: str) -> None:
    for key in table:
        if key not in KEYS:
            raise _unknown_key(key, where=where, known=KEYS)
    _refuse_secret_headers(table.get("headers"), where)


def _unknown_key(key: str, *, where: str, known: frozenset[str]) -> ConfigurationError:
    if _SECRET_NAME.search(key):
        return ConfigurationError(
            f"{where}: the key {key!r} looks like a secret, and secrets do not belong in the file.",
            hint="Remove it and set "
            + " or ".join(f"{PREFIX}{name.upper()}" for name in SECRETS)
            + " in the environment instead; change the secret if others could read the file.",
        )
    import difflib

    close = difflib.get_close_matches(key, known, n=1)
    guess = f"Did you mean {close[0]!r}? " if close else ""
    return ConfigurationError(
        f"{where}: unknown key {key!r}.", hint=f"{guess}Known keys: {', '.join(sorted(known))}."
    )


def _refuse_secret_headers(headers: object, where: str) -> None:
    for name in headers if isinstance(headers, dict) else ():
        if is_secret_header(str(name)):
            raise ConfigurationError(
                f"{where} headers: {name!r} holds a credential, and secrets do not belong in the "
                "file.",
                hint=f"Remove it and give --header '{name}: @FILE' or '{name}: env:VARIABLE'; "
                "change the secret if others could read the file.",
            )
