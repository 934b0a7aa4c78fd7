"""`scimdoctor report`: a saved JSON report in any form, or two of them compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from scimdoctor.cli.options import Output
from scimdoctor.cli.session import session_of

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE",
        help="Report made with '-f json' ('-' reads standard input); two with --diff, older first.",
        show_default=False,
    ),
]
Diff = Annotated[
    bool,
    typer.Option(
        "--diff",
        help="Compare two reports: what is fixed, still there, new.",
        show_default=False,
    ),
]
WriteBaseline = Annotated[
    Path | None,
    typer.Option(
        "--write-baseline",
        metavar="FILE",
        help="Also write the report's problems to FILE, for --baseline.",
        show_default=False,
    ),
]


RedactList = Annotated[
    Path | None,
    typer.Option(
        "--redact-list",
        metavar="FILE",
        help="Redact, and write what each pseudonym stands for to FILE; keep it to yourself.",
        show_default=False,
    ),
]


def report(
    ctx: typer.Context,
    files: Files,
    output: Output,
    diff: Diff = False,
    write_baseline: WriteBaseline = None,
    redact_list: RedactList = None,
) -> None:
    """Show a saved report again in any format, or compare two.

    Examples:
      scimdoctor report report.json -f html -o report.html
      scimdoctor report --diff before.json after.json
      scimdoctor report report.json --write-baseline known.json
      scimdoctor report report.json --redact-list names.json -f html -o shown.html
    """
    from scimdoctor.errors import ConfigurationError
    from scimdoctor.reports.diff import diff_reports
    from scimdoctor.reports.files import read_report, save_baseline, save_replacements
    from scimdoctor.reports.pseudonyms import pseudonymise

    expected = 2 if diff else 1
    if len(files) != expected:
        raise ConfigurationError(
            f"expected {expected} report{'s' if diff else ''}, found {len(files)}",
            hint="scimdoctor report --diff OLD.json NEW.json, or scimdoctor report FILE.json",
        )
    reports = [read_report(path) for path in files]
    shown = diff_reports(*reports) if diff else reports[0]
    if write_baseline:
        save_baseline(reports[-1], write_baseline)
    session = session_of(ctx)
    if redact_list:
        redacted = pseudonymise(shown, session.environ.get("SCIMDOCTOR_REDACT_KEY", "").encode())
        save_replacements(redacted.replaced, redact_list)
        shown, output = redacted.report, replace(output, redact=False)
    session.emit(shown, output)
