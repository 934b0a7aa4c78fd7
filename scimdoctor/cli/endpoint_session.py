"""Opens the app's endpoint from options and settings, secrets included."""

from __future__ import annotations

import sys
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from scimdoctor.errors import ConfigurationError, SourceError
from scimdoctor.redaction import Secret, is_secret_header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.cli.options import EndpointOptions
    from scimdoctor.cli.session import Session
    from scimdoctor.config import Settings
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.endpoint.credentials import Credentials
    from scimdoctor.endpoint.journal import Journal
    from scimdoctor.endpoint.recorder import Recorder
    from scimdoctor.endpoint.wire import Wire
    from scimdoctor.entra.dialect import TenantUrl

_TOKEN_HINT = "set SCIMDOCTOR_ENDPOINT_TOKEN, give --token-file FILE, or run it in a terminal"
_FROM_ENVIRONMENT = "env:"


def parse_tenant_url(url: str) -> TenantUrl:
    """Take the tenant URL apart, as typed in Entra.

    Raises:
        ConfigurationError: it is no http(s) URL, or has credentials in it.
    """
    from scimdoctor.entra.dialect import TenantUrl

    if "@" in url.partition("?")[0]:  # a password may hold a slash, and then looks like a path
        raise ConfigurationError(
            "the endpoint's URL must not hold a user name or password",
            hint="If the @ is part of the path, write %40 instead.",
        )
    try:
        return TenantUrl.parse(url)
    except ValueError as error:
        raise ConfigurationError(
            f"the endpoint's URL cannot be used: {error}",
            hint="give it as in Entra, for example https://app.example.com/scim",
        ) from error


def journal_of(session: Session) -> Journal:
    """The journal of this session: in the platform's data folder, or where the variable says."""
    from scimdoctor.endpoint.journal import Journal, default_journal_path

    path = session.environ.get("SCIMDOCTOR_JOURNAL")
    return Journal(Path(path) if path else default_journal_path(), clock=session.now)


def open_endpoint(session: Session, url: str, options: EndpointOptions) -> Endpoint:
    """Open the SCIM root that the tenant URL `url` names; writing stays refused.

    Raises:
        ConfigurationError: the URL, a file or the credentials are missing or wrong.
    """
    from scimdoctor.endpoint.build import Connection, build_http, check_url
    from scimdoctor.endpoint.client import Endpoint, Limits
    from scimdoctor.endpoint.recorder import Recorder
    from scimdoctor.endpoint.wire import Wire
    from scimdoctor.outbound import proxy_chooser

    settings = session.settings
    base_url = parse_tenant_url(url).base_url
    check_url(base_url, insecure_http=_insecure(options, settings))
    proxy_chooser()(base_url)  # a proxy that cannot be used is refused before anything is sent
    connection = Connection(
        ca_file=settings.ca_file,
        client_certificate=options.client_certificate or settings.client_certificate,
    )
    http = build_http(connection, transport=session.endpoint_transport)
    limits = Limits(seconds=_seconds(options, settings), timer=session.monotonic)
    recorder = Recorder(clock=session.now, listener=session.heard)
    try:
        auth = _credentials(session, options, (Wire(http, limits), recorder))
        endpoint = Endpoint(http, base_url=base_url, auth=auth, limits=limits, recorder=recorder)
    except BaseException:
        http.close()
        raise
    weakref.finalize(endpoint, http.close)
    return endpoint


def _seconds(options: EndpointOptions, settings: Settings) -> float:
    given = options.request_timeout
    return settings.request_timeout if given is None else given


def _insecure(options: EndpointOptions, settings: Settings) -> bool:
    given = options.insecure_http
    return settings.insecure_http if given is None else given


def _credentials(
    session: Session, options: EndpointOptions, tools: tuple[Wire, Recorder]
) -> Credentials:
    from scimdoctor.endpoint.credentials import ExtraHeaders, NoCredentials
    from scimdoctor.endpoint.sign_in import EndpointAuth

    settings = session.settings
    method = options.endpoint_auth or settings.endpoint_auth
    inner: Credentials = NoCredentials()
    if method is EndpointAuth.BEARER:
        inner = _bearer(session, options)
    elif method is EndpointAuth.OAUTH:
        inner = _oauth(session, options, tools)
    extra = tuple(_extra_headers(session, options))
    return ExtraHeaders(inner, extra) if extra else inner


def _bearer(session: Session, options: EndpointOptions) -> Credentials:
    from scimdoctor.endpoint.credentials import BearerToken, token_problems

    settings = session.settings
    token = _from_file(options.token_file) or settings.endpoint_token
    token = token or _from_file(settings.token_file) or _asked("Secret token of the endpoint")
    if token is None:
        raise ConfigurationError("the endpoint's secret token is missing", hint=_TOKEN_HINT)
    for problem in token_problems(token, now=session.now()):
        session.progress.message(f"warning: {problem.message} ({problem.cause})")
    return BearerToken(token)


def _oauth(session: Session, options: EndpointOptions, tools: tuple[Wire, Recorder]) -> Credentials:
    from scimdoctor.endpoint.build import check_url
    from scimdoctor.endpoint.oauth import OAuthClient, OAuthCredentials

    settings = session.settings
    token_url = options.oauth_token_url or settings.oauth_token_url
    client_id = options.oauth_client_id or settings.oauth_client_id
    if not token_url or not client_id:
        raise ConfigurationError(
            "OAuth needs the token endpoint and the client id",
            hint="give --oauth-token-url and --oauth-client-id, as in Entra's settings",
        )
    insecure_http = _insecure(options, settings)
    check_url(token_url, insecure_http=insecure_http, named="the token endpoint's URL")
    secret = settings.oauth_client_secret or _asked("OAuth client secret of the endpoint")
    if secret is None:
        raise ConfigurationError(
            "the OAuth client secret is missing", hint="set SCIMDOCTOR_OAUTH_CLIENT_SECRET"
        )
    client = OAuthClient(
        token_url=token_url,
        client_id=client_id,
        client_secret=secret,
        scope=options.oauth_scope or settings.oauth_scope,
        credentials_in=options.oauth_credentials_in or settings.oauth_credentials_in,
    )
    return OAuthCredentials(client, *tools)


def _asked(prompt: str) -> Secret | None:
    from scimdoctor.cli.console import ask_secret

    text = ask_secret(prompt)
    return Secret(text) if text else None


def _from_file(path: Path | None) -> Secret | None:
    """A secret from a file, its last line break left out; `-` is standard input."""
    if path is None:
        return None
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read the token from {path}") from error
    if not text.strip():
        raise ConfigurationError(f"{path} holds no token")
    return Secret(text.rstrip("\r\n"))


def _extra_headers(session: Session, options: EndpointOptions) -> Iterator[tuple[str, Secret]]:
    yield from ((name, Secret(value)) for name, value in session.settings.headers.items())
    for text in options.header or []:
        name, separator, value = text.partition(":")
        if not separator or not name.strip():
            raise ConfigurationError(f"--header needs 'NAME: VALUE', not {name.strip()!r}")
        yield name.strip(), _header_value(session, name.strip(), value.strip())


def _header_value(session: Session, name: str, value: str) -> Secret:
    """The value itself, or what the file or variable that it names holds."""
    if value.startswith("@"):
        return _from_file(Path(value[1:])) or Secret("")
    if value.startswith(_FROM_ENVIRONMENT):
        variable = value.removeprefix(_FROM_ENVIRONMENT)
        if not session.environ.get(variable):
            raise ConfigurationError(f"--header {name}: the variable {variable} is not set")
        return Secret(session.environ[variable])
    if is_secret_header(name):
        raise ConfigurationError(
            f"--header {name}: its value would be seen by others in the list of processes",
            hint=f"give '{name}: @FILE' or '{name}: env:VARIABLE', which read it from there",
        )
    return Secret(value)
