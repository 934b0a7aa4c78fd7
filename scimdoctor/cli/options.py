"""Every option, defined once.

Groups of options are dataclasses that a command takes as one parameter::

    def status(ctx: typer.Context, app: App, sign_in: SignIn, output: Output) -> None:
        session = session_of(ctx, sign_in)
        report = ...
        session.emit(report, output)

`cli/app.py` flattens them when it registers the command. Secrets are never options: other users
of the machine can read a process's arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scimdoctor.endpoint.sign_in import CredentialsIn, EndpointAuth
from scimdoctor.graph.clouds import Cloud
from scimdoctor.graph.sign_in import AuthMethod
from scimdoctor.model.rule import Severity
from scimdoctor.reports import Format


class FailOn(StrEnum):
    """From which severity on a command ends with status 1."""

    BLOCKER = "blocker"
    MAJOR = "major"
    MINOR = "minor"
    INFO = "info"
    NEVER = "never"

    @property
    def severity(self) -> Severity | None:
        """The severity; `None` for never."""
        return None if self is FailOn.NEVER else Severity(self.value)


_SIGN_IN = "Sign-in to Microsoft"
_OUTPUT = "Output"
_ENDPOINT = "The app's SCIM endpoint"
_SOURCES = "Saved files instead of a tenant"
_WINDOW = "Which events"

App = Annotated[
    str,
    typer.Argument(
        metavar="APP", help="Enterprise app: object id, application (client) id, or display name."
    ),
]
OptionalApp = Annotated[
    str | None,
    typer.Argument(
        metavar="APP",
        envvar="SCIMDOCTOR_APP",
        help="Enterprise app: object id, application (client) id, or display name.",
        show_default=False,
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask before writing.", show_default=False)
]


CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        envvar="SCIMDOCTOR_CA_FILE",
        metavar="FILE",
        help="PEM with certificate authorities to trust, besides the system's: those of a company "
        "proxy, or of the app.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How to reach the tenant."""

    tenant: Annotated[
        str | None,
        typer.Option(
            envvar="SCIMDOCTOR_TENANT",
            metavar="ID|DOMAIN",
            help="Tenant id or verified domain.",
            rich_help_panel=_SIGN_IN,
        ),
    ] = None
    client_id: Annotated[
        str | None,
        typer.Option(
            envvar="SCIMDOCTOR_CLIENT_ID",
            metavar="GUID",
            help="Application (client) id that you registered for scimdoctor.",
            rich_help_panel=_SIGN_IN,
        ),
    ] = None
    auth: Annotated[
        AuthMethod | None,
        typer.Option(
            case_sensitive=False,
            envvar="SCIMDOCTOR_AUTH",
            help="Way to sign in. Default: what the settings say, else browser.",
            rich_help_panel=_SIGN_IN,
        ),
    ] = None
    certificate: Annotated[
        Path | None,
        typer.Option(
            envvar="SCIMDOCTOR_CERTIFICATE",
            metavar="FILE",
            help="PEM or PFX with the private key, for certificate sign-in. "
            "Its passphrase comes from SCIMDOCTOR_CERTIFICATE_PASSPHRASE.",
            rich_help_panel=_SIGN_IN,
        ),
    ] = None
    cloud: Annotated[
        Cloud | None,
        typer.Option(
            case_sensitive=False,
            envvar="SCIMDOCTOR_CLOUD",
            help="Microsoft cloud. Default: global.",
            rich_help_panel=_SIGN_IN,
        ),
    ] = None
    ca_file: CaFile = None


@dataclass(frozen=True, kw_only=True)
class Output:
    """How and where the result is written."""

    format: Annotated[
        Format,
        typer.Option(
            "--format",
            "-f",
            case_sensitive=False,
            envvar="SCIMDOCTOR_FORMAT",
            help="Form of the result.",
            rich_help_panel=_OUTPUT,
        ),
    ] = Format.TABLE
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write the result to FILE ('-' for standard output, the default).",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    fail_on: Annotated[
        FailOn,
        typer.Option(
            case_sensitive=False,
            envvar="SCIMDOCTOR_FAIL_ON",
            metavar="SEVERITY",
            help="Exit with status 1 from this severity on.",
            rich_help_panel=_OUTPUT,
        ),
    ] = FailOn.MINOR
    baseline: Annotated[
        Path | None,
        typer.Option(
            envvar="SCIMDOCTOR_BASELINE",
            metavar="FILE",
            help="Known problems that are shown but do not set the exit status; "
            "'scimdoctor report --write-baseline' makes the file.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    redact: Annotated[
        bool,
        typer.Option(
            "--redact",
            help="Replace names, mail addresses, phone numbers and ids by pseudonyms; names of "
            "apps, hosts and attributes stay. SCIMDOCTOR_REDACT_KEY makes them the same in every "
            "report. Secrets never appear, with or without this.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class EndpointOptions:
    """How to reach the app's SCIM endpoint; its URL is the command's own parameter."""

    token_file: Annotated[
        Path | None,
        typer.Option(
            envvar="SCIMDOCTOR_TOKEN_FILE",
            metavar="FILE",
            help="File with the endpoint's secret token ('-' reads standard input). "
            "Default: SCIMDOCTOR_ENDPOINT_TOKEN, else a prompt.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None
    endpoint_auth: Annotated[
        EndpointAuth | None,
        typer.Option(
            case_sensitive=False,
            envvar="SCIMDOCTOR_ENDPOINT_AUTH",
            help="How the endpoint is signed in to. Default: bearer.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None
    oauth_token_url: Annotated[
        str | None,
        typer.Option(
            envvar="SCIMDOCTOR_OAUTH_TOKEN_URL",
            metavar="URL",
            help="Token endpoint for OAuth 2.0 client credentials.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None
    oauth_client_id: Annotated[
        str | None,
        typer.Option(
            envvar="SCIMDOCTOR_OAUTH_CLIENT_ID",
            metavar="ID",
            help="Client id there. The secret comes from SCIMDOCTOR_OAUTH_CLIENT_SECRET, "
            "else a prompt.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None
    oauth_scope: Annotated[
        str | None,
        typer.Option(
            envvar="SCIMDOCTOR_OAUTH_SCOPE",
            metavar="SCOPES",
            help="Scopes to ask for, separated by blanks.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None
    oauth_credentials_in: Annotated[
        CredentialsIn | None,
        typer.Option(
            case_sensitive=False,
            envvar="SCIMDOCTOR_OAUTH_CREDENTIALS_IN",
            metavar="PLACE",
            help="Where the client credentials go. Default: header.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None
    client_certificate: Annotated[
        Path | None,
        typer.Option(
            envvar="SCIMDOCTOR_CLIENT_CERTIFICATE",
            metavar="FILE",
            help="PEM with certificate and key, for mutual TLS.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None
    header: Annotated[
        list[str] | None,
        typer.Option(
            "--header",
            metavar="'NAME: VALUE'",
            help="Extra header for every request. '@FILE' as the value reads it from a file, "
            "'env:VARIABLE' from the environment: credentials must come so.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None
    insecure_http: Annotated[
        bool | None,
        typer.Option(
            "--insecure-http/--no-insecure-http",
            envvar="SCIMDOCTOR_INSECURE_HTTP",
            help="Allow plain http to a host other than this machine. "
            "The token then travels readable. Default: what the settings say, else no.",
            rich_help_panel=_ENDPOINT,
            show_default=False,
        ),
    ] = None
    request_timeout: Annotated[
        float | None,
        typer.Option(
            envvar="SCIMDOCTOR_REQUEST_TIMEOUT",
            metavar="SECONDS",
            min=0.1,
            max=3600,
            help="Longest time for one request. Default: what the settings say, else 30.",
            rich_help_panel=_ENDPOINT,
        ),
    ] = None


EndpointUrl = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        envvar="SCIMDOCTOR_ENDPOINT",
        metavar="URL",
        help="Tenant URL as typed in Entra; feature flags in its query select the dialect.",
        rich_help_panel=_ENDPOINT,
    ),
]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Saved files to read instead of asking a tenant."""

    from_: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="Events: Graph or portal JSON, CSV, Azure Monitor export, Log Analytics rows; "
            "a folder, .zip, .gz or '-' (standard input).",
            rich_help_panel=_SOURCES,
        ),
    ] = None
    job: Annotated[
        Path | None,
        typer.Option(
            "--job",
            metavar="FILE",
            help="Saved synchronization job (Graph JSON).",
            rich_help_panel=_SOURCES,
        ),
    ] = None
    schema: Annotated[
        Path | None,
        typer.Option(
            "--schema",
            metavar="FILE",
            help="Saved synchronization schema (portal or Graph JSON).",
            rich_help_panel=_SOURCES,
        ),
    ] = None
    har: Annotated[
        list[Path] | None,
        typer.Option(
            "--har",
            metavar="FILE",
            help="HAR capture of requests to the endpoint.",
            rich_help_panel=_SOURCES,
        ),
    ] = None


class EventStatus(StrEnum):
    """Status of a provisioning event."""

    FAILURE = "failure"
    SKIPPED = "skipped"
    WARNING = "warning"
    SUCCESS = "success"


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which events are wanted."""

    since: Annotated[
        str,
        typer.Option(
            metavar="TIME|AGE",
            help="From this time on: '24h', '7d', or an ISO 8601 time, UTC without an offset. "
            "Default: 24h; saved files are read whole.",
            rich_help_panel=_WINDOW,
        ),
    ] = ""
    until: Annotated[
        str,
        typer.Option(metavar="TIME|AGE", help="Up to this time.", rich_help_panel=_WINDOW),
    ] = ""
    status: Annotated[
        list[EventStatus] | None,
        typer.Option(case_sensitive=False, help="Only this status.", rich_help_panel=_WINDOW),
    ] = None
    user: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Only objects whose name, UPN or id is or contains TEXT.",
            rich_help_panel=_WINDOW,
        ),
    ] = None
    error_code: Annotated[
        str | None,
        typer.Option(
            metavar="CODE", help="Only error codes that end with CODE.", rich_help_panel=_WINDOW
        ),
    ] = None
    action: Annotated[
        str | None,
        typer.Option(
            help="Only this action: create, update, delete, disable, stagedDelete, other.",
            rich_help_panel=_WINDOW,
        ),
    ] = None
    cycle: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only this cycle.", rich_help_panel=_WINDOW),
    ] = None
    job_id: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only this job.", rich_help_panel=_WINDOW),
    ] = None
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="At most this many events.", rich_help_panel=_WINDOW),
    ] = None
