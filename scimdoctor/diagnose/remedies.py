"""Makes the commands of a diagnosis ready to run: app, endpoint, object, event and files go in.

The rules write `APP`, `URL`, `USER`, `EVENT` and `FILE`, because they do not know what is being
diagnosed; what stays unknown keeps its placeholder.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.provisioning import ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.report import StatusVerdict

_TOOL = "scimdoctor"
_DIAGNOSE = f"{_TOOL} diagnose"
_START = f"{_TOOL} job start"
_READ_LOG = f"{_TOOL} logs APP --summary"
_OF_EVENTS = frozenset({"diagnose", "logs"})
_OF_ENDPOINT = frozenset({"diagnose", "replay", "check-endpoint", "compare"})
_FILES: Mapping[str, tuple[str, ...]] = {
    "replay": ("--from", "--schema", "--har"),
    "logs": ("--from",),
    "mappings": ("--schema",),
    "diagnose": ("--from", "--job", "--schema", "--har"),
}
"""Which saved files stand in for the app, by command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a command can be completed with."""

    app: str | None = None
    url: str | None = None
    """Tenant URL with its feature flags."""

    files: tuple[tuple[str, str], ...] = ()
    """Option and path, as given: `("--from", "events.json")`."""

    app_given: bool = False
    """Whether `app` was named by the user, not found in the events."""

    window: tuple[str, ...] = ()
    """The user's own options that choose events, as typed."""

    signing: tuple[str, ...] = ()
    """The same for how the endpoint is asked."""

    program: tuple[str, ...] = ()
    """The options of the program itself that were given: settings file and profile."""

    job_is_stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The object that a command is about."""

    user: str | None = None
    event: str | None = None


def subject_of(event: ProvisioningObjectSummary | None) -> Subject:
    """Name `event` and its object, the object as `provision` takes it."""
    if event is None:
        return Subject()
    source = event.source_identity
    name = None if event.is_group else event.user_principal_name
    return Subject(user=name or source.id or source.display_name, event=event.id)


def ready(diagnosis: Diagnosis, known: Known, subject: Subject) -> Diagnosis:
    """Complete every command of `diagnosis`; one that would start a running job goes."""
    steps = tuple(
        replace(step, command=filled(step.command, known, subject)) if step.command else step
        for step in diagnosis.remediation
        if known.job_is_stopped or not (step.command or "").startswith(_START)
    )
    return replace(diagnosis, remediation=steps)


def ready_replay(replay: Replay, known: Known) -> Replay:
    """Complete the next command of `replay`."""
    if not replay.next_command:
        return replay
    subject = Subject(event=replay.event)
    return replace(replay, next_command=filled(replay.next_command, known, subject))


def ready_status(status: StatusVerdict, known: Known, *, log_read: bool) -> StatusVerdict:
    """Complete the commands among the next steps of `status`.

    To diagnose is being done; where the log was not read, that is what to do next.
    """
    steps: list[str] = []
    for step in status.next_steps:
        if step.startswith(_DIAGNOSE):
            words = steps.pop() if steps and not steps[-1].startswith(_TOOL) else ""
            steps += [] if log_read else [words, _READ_LOG]
        else:
            steps.append(step)
    lines = (filled(s, known) if s.startswith(f"{_TOOL} ") else s for s in steps if s)
    return replace(status, next_steps=tuple(_each_once(lines)))


def _each_once(lines: Iterable[str]) -> Iterator[str]:
    """A command that was advised before is left out, with the words that lead to it."""
    seen: set[str] = set()
    words: list[str] = []
    for line in lines:
        if not line.startswith(f"{_TOOL} "):
            words.append(line)
            continue
        if line not in seen:
            yield from (*words, line)
        seen.add(line)
        words = []
    yield from words


def filled(command: str, known: Known, subject: Subject | None = None) -> str:
    """Return `command` with what is known in the places of its placeholders."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    if len(words) < 2 or words[0] != _TOOL:
        return command
    about = subject or Subject()
    values = {"APP": known.app, "USER": about.user, "EVENT": about.event}
    words = [_with_url(values.get(word) or word, known.url) for word in _with_source(words, known)]
    if words[1] == "replay" and known.url and "--rollback" not in words:
        words += [] if "--endpoint" in words else ["--endpoint", known.url]
    return shlex.join([_TOOL, *known.program, *words[1:], *_own_options(words, known)])


def _own_options(words: list[str], known: Known) -> list[str]:
    """What the user gave besides, where the command takes it."""
    given = list(known.window) if words[1] in _OF_EVENTS else []
    if known.url in words and words[1] in _OF_ENDPOINT:
        given += known.signing
    if words[1] == "check-endpoint":
        given += [part for pair in known.files if pair[0] == "--schema" for part in pair]
    return given


def _with_source(words: list[str], known: Known) -> list[str]:
    """Say where the events are: in the saved files that were given, else in the app's log."""
    wanted = _FILES.get(words[1], ())
    files = [word for option, path in known.files if option in wanted for word in (option, path)]
    if words[1] == "replay":
        app = ["--app", known.app] if known.app else []
        return _replaying(words, files if {"--from", "--har"} & set(files) else app)
    if known.app and known.app_given and words[1] in _OF_EVENTS:
        files = [known.app, *files] if files else []
    return [part for word in words for part in (files if word == "APP" and files else [word])]


def _replaying(words: list[str], source: list[str]) -> list[str]:
    if "--from" in words and source:
        place = words.index("--from")
        if words[place + 1 : place + 2] == ["FILE"]:
            return [*words[:place], *source, *words[place + 2 :]]
    named = {"--from", "--app", "--har", "--rollback"} & set(words)
    return words if named else [*words, *source]


def _with_url(word: str, url: str | None) -> str:
    """Put the URL in; a feature flag that the placeholder brings is added to its own."""
    if url is None or word.partition("?")[0] != "URL":
        return word
    flag = word.partition("?")[2]
    if not flag or flag.casefold() in url.casefold():
        return url
    return f"{url}{'&' if '?' in url else '?'}{flag}"
