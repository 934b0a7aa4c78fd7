"""What one run of a command works with; everything is opened on first use.

Tests inject their own: `CliRunner().invoke(app, args, obj=Session(...))`.
"""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO, cast

from scimdoctor.errors import ConfigurationError, Declined, SourceError, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import httpx
    import typer

    from scimdoctor.cli.options import EndpointOptions, Output, SignIn
    from scimdoctor.config import Settings
    from scimdoctor.endpoint.client import Endpoint
    from scimdoctor.graph.client import GraphClient
    from scimdoctor.model.exchange import Exchange
    from scimdoctor.model.report import Report
    from scimdoctor.progress import Progress


_PERSONAL = re.compile(r"(?<=%22).*?(?=%22|$)|(?<=/)[^/?&]*(?:@|%40)[^/?&]*")
"""Values in a filter and addresses in a path: who a request is about, the report tells."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(kw_only=True)
class Session:
    """The environment of one command: settings, clients, clock, terminal."""

    config_path: Path | None = None
    profile: str | None = None
    verbose: bool = False
    quiet: bool = False
    typed: tuple[str, ...] = ()
    """The settings file and the profile as they were typed, for the commands that are printed."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    overrides: Mapping[str, str | None] = field(default_factory=dict)
    now: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    graph_client: GraphClient | None = None
    """For tests: what stands in for Microsoft Graph."""

    endpoint_transport: httpx.BaseTransport | None = None
    """For tests: what stands in for the network to the app."""

    resources: ExitStack = field(default_factory=ExitStack, repr=False)
    """What was opened; closed when the command ends."""

    confirm_with: Callable[[str], bool | None] | None = None
    """For tests: what answers questions; `None` where nobody can be asked."""

    def with_sign_in(self, sign_in: SignIn) -> Session:
        """Return this session with the options of `sign_in` laid over the settings."""
        chosen = {
            "tenant": sign_in.tenant,
            "client_id": sign_in.client_id,
            "auth": str(sign_in.auth) if sign_in.auth else None,
            "certificate": str(sign_in.certificate) if sign_in.certificate else None,
            "cloud": str(sign_in.cloud) if sign_in.cloud else None,
            "ca_file": str(sign_in.ca_file) if sign_in.ca_file else None,
        }
        given = {name: value for name, value in chosen.items() if value is not None}
        return replace(self, overrides={**self.overrides, **given})

    @cached_property
    def settings(self) -> Settings:
        """The settings: option, environment, profile, default."""
        from scimdoctor.config import load_settings

        settings = load_settings(
            self.overrides,
            environ=self.environ,
            config_path=self.config_path,
            profile=self.profile,
        )
        if settings.unchosen:
            self.progress.message(
                f"None of the profiles {', '.join(settings.unchosen)} is used: give --profile, or "
                "set default_profile in the settings file."
            )
        return settings

    @cached_property
    def progress(self) -> Progress:
        """Where long work reports to."""
        from scimdoctor.cli.console import ConsoleProgress

        return ConsoleProgress(quiet=self.quiet)

    @property
    def archive_root(self) -> Path:
        """The folder of the event archive: from the settings, else the platform's."""
        from scimdoctor.sources.archive import default_root

        return self.settings.archive or default_root(self.environ)

    @cached_property
    def graph(self) -> GraphClient:
        """The Graph client; it signs in at its first request."""
        if self.graph_client is not None:
            return self.graph_client
        from scimdoctor.graph.connect import connect

        settings = self.settings
        opened = connect(
            settings.sign_in,
            ca_file=settings.ca_file,
            progress=self.progress,
            on_answer=self._graph_answered if self.verbose else None,
        )
        return self.resources.enter_context(opened)

    def heard(self, exchange: Exchange) -> None:
        """Say one exchange with the app's endpoint on stderr, when much is to be said."""
        if self.verbose:
            came = exchange.status or (exchange.failure.kind if exchange.failure else "nothing")
            time = f"{exchange.elapsed_in_milliseconds:.0f} ms"
            request = exchange.request
            target = _PERSONAL.sub("…", request.target)
            line = f"{exchange.id} {request.method} {target} → {came}, {time}"
            self.progress.message(line)

    def _graph_answered(self, response: httpx.Response) -> None:
        """Say one answer of Graph's on stderr; its `request-id` is what Microsoft's support asks."""
        from scimdoctor.redaction import redact_text

        request = response.request
        known = response.headers.get("request-id", "none")
        line = f"{request.method} {request.url} → {response.status_code}, request-id {known}"
        self.progress.message(redact_text(line))

    def endpoint(self, url: str, options: EndpointOptions) -> Endpoint:
        """Open the app's endpoint; writing stays refused until it is allowed."""
        from scimdoctor.cli.endpoint_session import open_endpoint

        return open_endpoint(self, url, options)

    def confirm_or_stop(self, question: str, *, yes: bool = False) -> None:
        """Ask before something is written; `yes` answers beforehand.

        Raises:
            Declined: the answer was no.
            WriteRefused: nobody could be asked.
        """
        from scimdoctor.cli.console import confirm

        answer = yes or (self.confirm_with or confirm)(question)
        if answer is None:
            raise WriteRefused(
                f"nothing was changed, because nobody could be asked: {question}",
                hint="run it in a terminal, or give --yes",
            )
        if not answer:
            raise Declined("Nothing was changed.")

    def emit(self, report: Report, output: Output) -> None:
        """Write `report` where and how `output` says; end with the exit status it deserves."""
        import typer

        from scimdoctor.cli.judgement import status_of

        if output.baseline:
            from scimdoctor.reports.files import with_baseline

            report = with_baseline(report, output.baseline)
        self.write(report, output)
        status = status_of(report, output.fail_on.severity)
        if status:
            raise typer.Exit(status)

    @cached_property
    def redact_key(self) -> bytes:
        """The key of all pseudonyms of this run: `--watch` and `--follow` write many reports."""
        import secrets

        return self.environ.get("SCIMDOCTOR_REDACT_KEY", "").encode() or secrets.token_bytes(32)

    def write(self, report: Report, output: Output) -> None:
        """Write `report`, and its one-line summary to stderr unless a person saw the report."""
        from scimdoctor.reports import Format, render, summary_line

        if output.redact:
            from scimdoctor.reports.pseudonyms import redact_report

            report = redact_report(report, self.redact_key)
        to_stdout = output.output is None or str(output.output) == "-"
        if to_stdout:
            color = output.format is Format.TABLE and _wants_color(self.environ)
            width = _width(self.environ)
            render(report, sys.stdout, output.format, width=width, color=color, hyperlinks=color)
            sys.stdout.flush()
        else:
            _write_file(report, output)
        seen = to_stdout and output.format is Format.TABLE and sys.stdout.isatty()
        if not seen and not self.quiet:
            self.progress.message(summary_line(report))


def as_text(report: Report, output: Output, environ: Mapping[str, str]) -> str:
    """Return `report` as it would be written to standard output."""
    import io

    from scimdoctor.reports import Format, render

    text = io.StringIO()
    color = output.format is Format.TABLE and _wants_color(environ)
    render(report, text, output.format, width=_width(environ), color=color, hyperlinks=color)
    return text.getvalue()


def _write_file(report: Report, output: Output) -> None:
    """Write to a file, whole or not at all; straight to what is no plain file, such as a pipe."""
    from pathlib import Path

    from scimdoctor.reports import render

    target = Path(os.path.realpath(cast("Path", output.output)))
    try:
        if target.exists() and not target.is_file():
            with target.open("w", encoding="utf-8", newline="") as stream:
                render(report, stream, output.format, width=100)
            return
        with _draft_of(target) as stream:
            render(report, stream, output.format, width=100)
    except OSError as error:
        raise SourceError(
            f"cannot write {output.output}: {error.strerror}",
            hint="give another path with -o, or leave -o out to write to standard output",
        ) from error


@contextmanager
def _draft_of(target: Path) -> Iterator[TextIO]:
    """A stream that takes the place of `target` when all went well, and vanishes otherwise.

    Reports name people: a new one can be read by its owner alone, an old one keeps its mode.
    """
    import tempfile
    from pathlib import Path

    mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        with open(number, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123
            yield stream
        draft.chmod(mode)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _wants_color(environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR"):
        return False
    return bool(environ.get("FORCE_COLOR")) or (
        sys.stdout.isatty() and environ.get("TERM") != "dumb"
    )


def _width(environ: Mapping[str, str]) -> int:
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return max(40, int(columns))
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 100
    except (OSError, ValueError, AttributeError):
        return 100


def session_of(ctx: typer.Context, sign_in: SignIn | None = None) -> Session:
    """The session of the command that `ctx` belongs to."""
    session = cast("Session", ctx.obj)
    return session if sign_in is None else session.with_sign_in(sign_in)


def new_report(session: Session, command: str, **sections: Any) -> Report:  # noqa: ANN401
    """Make a report of `command` with the tool's version and the time."""
    from scimdoctor import __version__
    from scimdoctor.model.report import Report

    return Report(command=command, generated_at=session.now(), tool_version=__version__, **sections)


def required(value: str | None, what: str, hint: str) -> str:
    """Return `value`, or stop because it is missing.

    Raises:
        ConfigurationError: `value` is missing or blank.
    """
    if not value:
        raise ConfigurationError(f"{what} is missing", hint=hint)
    return value
