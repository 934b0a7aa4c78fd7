"""What the demo shows: six commands, what each found, and the score."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from scimdoctor.model.finding import Outcome
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

_ARROW = {"works-now": "✓", "same-failure": "✗", "different-failure": "✗"}
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
        write = next(r.rebuilt.request for r in shown.requests if r.rebuilt.request.is_write)
        yield f"Entra's log never says what was sent. Rebuilt for {_safe(_who(report, shown))}:"
        for line in _request_lines(write):
            yield f"   [dim]{line}[/]"
    grid = _grid()
    for replay in report.replays:
        sign = _ARROW.get(replay.verdict, "·")
        grid.add_row(
            f"{sign} {spaced(replay.verdict)}", _safe(_first_sentence(replay.summary), 150)
        )
    yield grid


def _who(report: Report, replay: Replay) -> str:
    known = {event.id: event.object_label for event in report.event_list}
    return known.get(replay.event, "the event " + replay.event)


def _best_example(replays: tuple[Replay, ...]) -> Replay | None:
    """The shortest write: it fits the screen."""
    writing = [r for r in replays if any(q.rebuilt.request.is_write for q in r.requests)]
    return min(writing, key=_size, default=None)


def _size(replay: Replay) -> int:
    return min(len(q.rebuilt.request.body) for q in replay.requests if q.rebuilt.request.is_write)


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
        grid.add_row(where, f"[bold]{finding.check}[/]", _safe(_first_sentence(finding.message)))
    yield grid


def _diagnoses(report: Report) -> Iterator[str | Table]:
    for diagnosis in report.diagnoses:
        if diagnosis.fixed_by is FixedBy.NOBODY:
            continue
        objects = diagnosis.affected.objects if diagnosis.affected else 0
        many = f" · {objects} {'object' if objects == 1 else 'objects'}" if objects else ""
        yield (
            f"[red]●[/] [bold]{_safe(diagnosis.title)}[/] "
            f"[dim]{diagnosis.cause}[/]\n  {diagnosis.confidence}{many} · fixed by: "
            f"{WHO[diagnosis.fixed_by]}"
        )
        remedy = next(iter(diagnosis.remediation), None)
        if remedy is not None:
            yield f"   [green]→[/] {_safe(remedy.text, 220)}"


_SHOWN: dict[str, Callable[[Report], Iterator[str | Table]]] = {
    "apps": _apps,
    "logs": _logs,
    "replay": _replay,
    "check-endpoint": _checks,
    "diagnose": _diagnoses,
}
