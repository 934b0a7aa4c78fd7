"""The demo: the whole story on an invented tenant, through the same commands that a user types.

Nothing is canned. The lab's Entra provisions against a SCIM endpoint that is broken on purpose;
the commands are given the lab's addresses and have to find out what is broken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scimdoctor.cli.session import Session
from scimdoctor.lab.running import HR, TRAVEL, Lab, running_lab
from scimdoctor.lab.scim.faults import FAULTS
from scimdoctor.sources.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from scimdoctor.cli.options import Output
    from scimdoctor.model.report import Report

SEEDED = (
    "value-path-no-match-refused",
    "boolean-text-refused",
    "family-name-required",
    "filter-apostrophe-500",
    "members-remove-list-wipes",
)
"""The faults of the first app's endpoint."""

EXPIRED = "token-expired-or-revoked"
"""The cause behind the second app's quarantine."""

OUT_OF_SCOPE = {
    "scoping-misconfigured": "a visitor is not assigned, a contractor fails the scoping filter",
    "reference-unresolvable": "a team has a member whom the scoping filter keeps out",
}
"""What the story does to people and teams, without any fault of the endpoint."""


@dataclass(kw_only=True)
class RecordingSession(Session):
    """A session that keeps reports instead of printing them."""

    reports: list[Report] = field(default_factory=list)

    def write(self, report: Report, output: Output) -> None:
        """Keep `report`."""
        del output
        self.reports.append(report)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command of the demo and what it reported."""

    title: str
    command: tuple[str, ...]
    report: Report


@dataclass(frozen=True, kw_only=True)
class Score:
    """What was seeded, and what was named."""

    seeded: Mapping[str, str]
    """Cause to what was done to bring it about."""

    named: frozenset[str]
    """Causes that need somebody to act, from all diagnoses and failed checks."""

    @property
    def missed(self) -> frozenset[str]:
        """Seeded and not named."""
        return frozenset(self.seeded) - self.named

    @property
    def invented(self) -> frozenset[str]:
        """Named and not seeded."""
        return self.named - frozenset(self.seeded)

    @property
    def right(self) -> bool:
        """Whether exactly what was seeded was named."""
        return not self.missed and not self.invented


def seeded() -> dict[str, str]:
    """Every cause that the demo's lab holds, with what was done to bring it about."""
    titles = {fault.id: fault for fault in FAULTS}
    faults = {titles[name].cause: f"the endpoint {_lower(titles[name].title)}" for name in SEEDED}
    return {**faults, **OUT_OF_SCOPE, EXPIRED: "the second app's token expired"}


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def steps(
    session: Session, run: Callable[[Session, tuple[str, ...]], None]
) -> Iterator[Lab | Step]:
    """Start the lab (yielded first), then run the demo's commands and yield each with its report.

    `run` executes one command line in a session. All files go to a folder that is gone at the end.
    """
    with (
        TemporaryFolder("demo-") as folder,
        running_lab(SEEDED, now=session.now, progress=session.progress) as lab,
    ):
        yield lab
        environ = lab.environment | _files(folder)
        for title, command in _commands(lab.travel.tenant_url):
            recording = RecordingSession(
                environ=environ,
                quiet=True,
                now=session.now,
                config_path=_empty_settings(folder),
            )
            with recording.resources:
                run(recording, command)
            yield Step(title=title, command=command, report=recording.reports[-1])


def _files(folder: Path) -> dict[str, str]:
    return {
        "SCIMDOCTOR_ARCHIVE": str(folder / "archive"),
        "SCIMDOCTOR_CACHE": str(folder / "cache"),
        "SCIMDOCTOR_JOURNAL": str(folder / "journal.jsonl"),
    }


def _empty_settings(folder: Path) -> Path:
    path = folder / "config.toml"
    path.touch()
    return path


def _commands(url: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        ("Which apps are ill?", ("apps",)),
        ("What failed?", ("logs", TRAVEL, "--since", "30d", "--summary")),
        (
            "What did Entra send, and does it fail again?",
            ("replay", "--app", TRAVEL, "--endpoint", url, "--mode", "shadow", "--stop-after", "1"),
        ),
        ("Is it the app?", ("check-endpoint", url)),
        (
            "Whose fault is it?",
            ("diagnose", TRAVEL, "--endpoint", url, "--shadow", "--since", "30d"),
        ),
        ("And the other app?", ("diagnose", HR, "--since", "30d")),
    )


def score(done: list[Step]) -> Score:
    """Hold what the commands named beside what was seeded."""
    named = set()
    for step in done:
        named |= {d.cause for d in step.report.diagnoses if d.fixed_by not in {"nobody", "wait"}}
        named |= {f.cause for f in step.report.findings if f.is_problem and f.cause}
    return Score(seeded=seeded(), named=frozenset(named))
