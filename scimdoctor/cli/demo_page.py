"""What the demo shows: six commands, what each found, and the score."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scimdoctor.model.finding import Outcome
from scimdoctor.model.replay import Verdict
from scimdoctor.model.rule import FixedBy
from scimdoctor.reports.neutral import one_line
from scimdoctor.reports.words import WHO, spaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console
    from rich.table import Table

    from scimdoctor.cli.demo import Score, Step
    from scimdoctor.lab.running import Lab
    from scimdoctor.model.exchange import ScimRequest
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.report import Report

_OWN_TENANT = (
    ("scimdoctor login --tenant TENANT --client-id ID", "sign in (README: what to register)"),
    ("scimdoctor apps", "which apps are ill"),
    ('scimdoctor diagnose "My app" --endpoint URL', "what is wrong, and who fixes it"),
    ("scimdoctor check-endpoint URL", "test an endpoint as Entra uses it"),
    ("scimdoctor diagnose --from EVENTS.json", "no tenant at hand: a saved log will do"),
)


class DemoPage:
    """Writes the story to a console, step by step."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._number = 0

    def opening(self, lab: Lab) -> None:
        """Say what this is."""
        self._line("[bold]scimdoctor demo[/]")
        self._line(
            f"An invented tenant on this machine: {len(lab.travel.people.people)} people, two apps "
            "with SCIM endpoints, six days of provisioning by an Entra that acts as Microsoft "
            "documents it. Nothing leaves this machine."
        )

    def step(self, step: Step) -> None:
        """Show one command and what it found."""
        self._number += 1
        self._console.print()
        self._line(f"[bold]{self._number}  {step.title}[/]")
        words = [f'"{w}"' if " " in w else w for w in step.command]
        self._line(f"[cyan]$ scimdoctor {' '.join(words)}[/]", indent=3)
        show = _SHOWN[step.command[0]]
        for item in show(step.report):
            if isinstance(item, str):
                self._line(item, indent=3)
            else:
                from rich.padding import Padding

                self._console.print(Padding(item, (0, 0, 0, 3)))

    def closing(self, score: Score, seconds: float) -> None:
        """Show what was seeded beside what was named, and where to go from here."""
        self._console.print()
        self._line("[bold]Seeded and named[/]")
        grid = _grid()
        for cause, what in score.seeded.items():
            sign = "[green]✓[/]" if cause in score.named else "[red]✗ missed[/]"
            grid.add_row(sign, f"[bold]{cause}[/]", what)
        for cause in sorted(score.invented):
            grid.add_row("[red]✗ invented[/]", f"[bold]{cause}[/]", "nothing of this was seeded")
        self._console.print(grid)
        count = len(score.seeded) - len(score.missed)
        verdict = f"{count} of {len(score.seeded)} named, {len(score.invented)} invented"
        style = "bold green" if score.right else "bold red"
        self._line(f"[{style}]{verdict}, in {seconds:.1f} s; nothing left running or on disk.[/]")
        self._console.print()
        self._line("[bold]On your own tenant[/]")
        grid = _grid()
        for command, why in _OWN_TENANT:
            grid.add_row(f"[cyan]{command}[/]", why)
        self._console.print(grid)

    def _line(self, text: str, *, indent: int = 0) -> None:
        from rich.padding import Padding

        self._console.print(Padding(text, (0, 0, 0, indent)))


def _grid() -> Table:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column()
    return grid


def _safe(text: str, length: int = 200) -> str:
    """`text` on one line, harmless as rich markup."""
    from rich.markup import escape

    short = one_line(text)
    return escape(short if len(short) <= length else short[: length - 1] + "…")


def _first_sentence(text: str) -> str:
    return text.partition(". ")[0].rstrip(".") + "."


def _apps(report: Report) -> Iterator[str | Table]:
    grid = _grid()
    grid.add_column()
    for app in report.apps:
        sign = "[green]✓[/]" if app.health == "healthy" else "[red]✗[/]"
        detail = _safe(_first_sentence(app.detail))
        grid.add_row(f"{sign} [bold]{_safe(app.display_name)}[/]", f"[red]{app.health}[/]", detail)
    yield grid


def _logs(report: Report) -> Iterator[str | Table]:
    events = report.events
    yield (
        f"{events.read} events: [red]{events.failure} failed[/], {events.skipped} skipped, "
        f"{events.warning} with a warning, {events.success} done"
    )
    grid = _grid()
    grid.add_column()
    for signature in report.signatures:
        if signature.status == "skipped" and signature.cause == "expected-behaviour":
            continue
        guess = f"{signature.cause} ({signature.confidence})" if signature.cause else "?"
        count = f"{signature.count} × {signature.status}"
        people = f"{signature.objects} {'object' if signature.objects == 1 else 'objects'}"
        grid.add_row(
            count, people, f"[bold]{_safe(guess)}[/]\n{_safe(_answer(signature.text), 90)}"
        )
    yield grid


def _answer(text: str) -> str:
    """The app's own words in a normalised reason, where there are any."""
    _, found, answer = text.partition('"detail":"')
    return answer.partition('"')[0] if found else text


def _replay(report: Report) -> Iterator[str | Table]:
    shown = _best_example(report.replays)
    if shown is not None:
        yield "The log never says what was sent. Rebuilt, and sent again for a throwaway user:"
        for line in _request_lines(shown):
            yield f"   [magenta]{line}[/]"
    grid = _grid()
    for replay in report.replays:
        if replay.verdict is Verdict.NOT_SENT:
            continue
        sign = "[green]✓[/]" if replay.verdict is Verdict.WORKS_NOW else "[red]✗[/]"
        text = _safe(_first_sentence(replay.summary), 150)
        grid.add_row(f"{sign} {spaced(replay.verdict)}", text)
    yield grid


def _best_example(replays: tuple[Replay, ...]) -> ScimRequest | None:
    """The shortest PATCH: it fits the screen, and PATCH is what surprises most."""
    requests = (rebuilt.rebuilt.request for replay in replays for rebuilt in replay.requests)
    patches = [request for request in requests if request.method == "PATCH"]
    return min(patches, key=lambda request: len(request.body), default=None)


def _request_lines(request: ScimRequest) -> Iterator[str]:
    yield _safe(f"{request.method} {request.path}", 90)
    body = request.json if isinstance(request.json, dict) else {}
    for operation in body.get("Operations", []):
        yield _safe(json.dumps(operation, ensure_ascii=False), 90)


def _checks(report: Report) -> Iterator[str | Table]:
    outcomes = [f.outcome for f in report.findings]
    problems = [f for f in report.findings if f.is_problem]
    skipped = outcomes.count(Outcome.SKIPPED)
    yield (
        f"{len(report.exchanges)} requests, {len(outcomes)} checks: "
        f"[green]{outcomes.count(Outcome.PASSED)} passed[/], [red]{len(problems)} failed[/], "
        f"{skipped} skipped because of those or not asked for; all test objects removed"
    )
    grid = _grid()
    grid.add_column()
    for finding in sorted(problems, key=lambda f: -f.severity.rank):
        where = f"[red]✗ {finding.severity}[/]"
        grid.add_row(where, f"[bold]{finding.check}[/]", _safe(finding.title))
    yield grid


def _diagnoses(report: Report) -> Iterator[str | Table]:
    from rich.table import Table

    grid = Table.grid(padding=(0, 1))
    for diagnosis in report.diagnoses:
        if diagnosis.fixed_by is FixedBy.NOBODY:
            continue
        objects = diagnosis.affected.objects if diagnosis.affected else 0
        many = f" · {objects} {'object' if objects == 1 else 'objects'}" if objects else ""
        grid.add_row("[red]●[/]", f"[bold]{_safe(diagnosis.title)}[/]  [dim]{diagnosis.cause}[/]")
        who = WHO[diagnosis.fixed_by]
        grid.add_row("", f"{diagnosis.confidence}{many} · fixed by: [bold]{who}[/]")
        remedy = next(iter(diagnosis.remediation), None)
        if remedy is not None:
            grid.add_row("", f"[green]→[/] {_safe(remedy.text, 220)}")
    yield grid


_SHOWN: dict[str, Callable[[Report], Iterator[str | Table]]] = {
    "apps": _apps,
    "logs": _logs,
    "replay": _replay,
    "check-endpoint": _checks,
    "diagnose": _diagnoses,
}
