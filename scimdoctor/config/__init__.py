"""Settings: flag over environment over profile in the settings file over default.

The file is TOML::

    default_profile = "contoso"

    [profiles.contoso]
    tenant = "contoso.onmicrosoft.com"
    client_id = "00000000-0000-0000-0000-000000000000"
    app = "Example SCIM app"
    endpoint = "https://scim.example.com/scim/v2"

Secrets never stand in it: they come from the environment, a file of their own or a prompt.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scimdoctor.config.file import KEYS, PREFIX, SECRETS, choose_profile, read_file
from scimdoctor.config.values import Reader, path_or_none
from scimdoctor.endpoint.sign_in import CredentialsIn, EndpointAuth
from scimdoctor.graph.clouds import Cloud
from scimdoctor.graph.sign_in import AuthMethod, SignIn
from scimdoctor.model.frozen import EMPTY, frozen
from scimdoctor.redaction import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_AZURE = {
    "tenant": "AZURE_TENANT_ID",
    "client_id": "AZURE_CLIENT_ID",
    "federated_token_file": "AZURE_FEDERATED_TOKEN_FILE",
}
"""What Azure's workload identity sets; read after everything of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set, already checked."""

    profile: str | None = None
    unchosen: tuple[str, ...] = ()
    """The profiles of the file where it has several and none was chosen."""

    tenant: str | None = None
    client_id: str | None = None
    cloud: Cloud = Cloud.GLOBAL
    auth: AuthMethod = AuthMethod.BROWSER
    certificate: Path | None = None
    federated_token_file: Path | None = None
    authority_host: str | None = None
    graph_host: str | None = None
    ca_file: Path | None = None
    """PEM with certificate authorities to trust, besides the system's."""

    app: str | None = None
    endpoint: str | None = None
    endpoint_auth: EndpointAuth = EndpointAuth.BEARER
    token_file: Path | None = None
    oauth_token_url: str | None = None
    oauth_client_id: str | None = None
    oauth_scope: str | None = None
    oauth_credentials_in: CredentialsIn = CredentialsIn.HEADER
    client_certificate: Path | None = None
    headers: Mapping[str, str] = field(default=EMPTY)
    """Extra headers for the endpoint, by name."""

    insecure_http: bool = False
    request_timeout: float = 30.0
    """Seconds for one request to the endpoint."""

    workspace: str | None = None
    """Log Analytics workspace id."""

    cache: Path | None = None
    """Folder of the sign-in cache; `None` means the platform's."""

    archive: Path | None = None
    """Folder of the event archive; `None` means the platform's."""

    client_secret: Secret | None = field(default=None, repr=False)
    certificate_passphrase: Secret | None = field(default=None, repr=False)
    endpoint_token: Secret | None = field(default=None, repr=False)
    oauth_client_secret: Secret | None = field(default=None, repr=False)
    origins: Mapping[str, str] = field(default=EMPTY)
    """For each key that is set, where from: `flag`, a variable, or the file."""

    @property
    def sign_in(self) -> SignIn:
        """The part that signing in to Microsoft needs."""
        return SignIn(
            method=self.auth,
            tenant=self.tenant,
            client_id=self.client_id,
            cloud=self.cloud,
            authority_host=self.authority_host,
            graph_host=self.graph_host,
            client_secret=self.client_secret,
            certificate=self.certificate,
            certificate_passphrase=self.certificate_passphrase,
            federated_token_file=self.federated_token_file,
            cache_directory=self.cache or default_cache_directory(),
        )


def default_config_path() -> Path:
    """The settings file in the platform's configuration folder."""
    import platformdirs

    return Path(platformdirs.user_config_dir("scimdoctor", appauthor=False)) / "config.toml"


def default_cache_directory() -> Path:
    """The folder of the sign-in cache in the platform's state folder."""
    import platformdirs

    return Path(platformdirs.user_state_dir("scimdoctor", appauthor=False)) / "sign-in"


def load_settings(
    overrides: Mapping[str, str | None],
    environ: Mapping[str, str] | None = None,
    *,
    config_path: Path | None = None,
    profile: str | None = None,
) -> Settings:
    """Bring all settings together.

    `overrides` are flags by key, `None` where not given. `config_path` is a file that must exist;
    without it the platform's file is read if there is one.

    Raises:
        ConfigurationError: a value, key, profile or the file is wrong; says which and where.
    """
    environment = os.environ if environ is None else environ
    named = config_path or path_or_none(environment.get(f"{PREFIX}CONFIG"))
    path = named or default_config_path()
    wanted = profile or environment.get(f"{PREFIX}PROFILE") or None
    document = read_file(path, must_exist=named is not None)
    name, table = choose_profile(document, wanted, path)
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    layers = (
        (_from_azure(environment), "AZURE_*"),
        (table, f"{path}, profile {name!r}"),
        (_from_environment(environment), "environment"),
        ({key: value for key, value in overrides.items() if value is not None}, "flag"),
    )
    for layer, origin in layers:
        values |= layer
        origins |= dict.fromkeys(layer, origin)
    secrets = {key: _secret(environment, key) for key in SECRETS}
    settings = _settings(values, origins, secrets=secrets, profile=name)
    return settings if name else replace(settings, unchosen=tuple(document.get("profiles", {})))


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found = {key: environ.get(f"{PREFIX}{key.upper()}") for key in KEYS - {"headers"}}
    return {key: value for key, value in found.items() if value}


def _from_azure(environ: Mapping[str, str]) -> dict[str, Any]:
    if not environ.get(_AZURE["federated_token_file"]):
        return {}
    found = {key: environ.get(variable) for key, variable in _AZURE.items()}
    return {key: value for key, value in found.items() if value}


def _secret(environ: Mapping[str, str], key: str) -> Secret | None:
    # Blanks stay: a token that was copied with them is a mistake that must be seen.
    value = environ.get(f"{PREFIX}{key.upper()}", "").strip("\r\n")
    return Secret(value) if value.strip() else None


def _settings(
    values: dict[str, Any],
    origins: dict[str, str],
    *,
    secrets: dict[str, Secret | None],
    profile: str | None,
) -> Settings:
    read = Reader(values, origins)
    return Settings(
        profile=profile,
        unchosen=(),
        tenant=read.text("tenant"),
        client_id=read.text("client_id"),
        cloud=read.member("cloud", Cloud, Cloud.GLOBAL),
        auth=read.member("auth", AuthMethod, _natural_method(values, secrets)),
        certificate=read.path("certificate"),
        federated_token_file=read.path("federated_token_file"),
        authority_host=read.https("authority_host"),
        graph_host=read.https("graph_host"),
        ca_file=read.path("ca_file"),
        app=read.text("app"),
        endpoint=read.text("endpoint"),
        endpoint_auth=read.member("endpoint_auth", EndpointAuth, EndpointAuth.BEARER),
        token_file=read.path("token_file"),
        oauth_token_url=read.text("oauth_token_url"),
        oauth_client_id=read.text("oauth_client_id"),
        oauth_scope=read.text("oauth_scope"),
        oauth_credentials_in=read.member(
            "oauth_credentials_in", CredentialsIn, CredentialsIn.HEADER
        ),
        client_certificate=read.path("client_certificate"),
        headers=read.table("headers"),
        insecure_http=read.flag("insecure_http"),
        request_timeout=read.seconds("request_timeout", 30.0),
        workspace=read.text("workspace"),
        cache=read.path("cache"),
        archive=read.path("archive"),
        origins=frozen(origins),
        **secrets,
    )


def _natural_method(values: dict[str, Any], secrets: dict[str, Secret | None]) -> AuthMethod:
    """What the given credentials can only be meant for; a browser if there are none."""
    if secrets["client_secret"]:
        return AuthMethod.SECRET
    if values.get("certificate"):
        return AuthMethod.CERTIFICATE
    if values.get("federated_token_file"):
        return AuthMethod.FEDERATED
    return AuthMethod.BROWSER
