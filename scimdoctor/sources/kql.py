"""The same questions as `sources.summary`, in KQL over the Log Analytics table AADProvisioningLogs.

Only text is built here. Every value of the user's goes through `literal`; nothing else of theirs
enters a query. The signature rules are those of `entra.signature`: Kusto, like DuckDB, uses RE2.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from scimdoctor.entra.signature import (
    LONGEST_REASON,
    LONGEST_TEXT,
    NET_SENTENCE,
    RETRY_RULE,
    SHORTEST_NAME,
    VALUE_RULES,
    WORD_RULES,
)
from scimdoctor.sources.record import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scimdoctor.sources.event_filter import EventFilter

TABLE = "AADProvisioningLogs"

COPIES = timedelta(days=1)
"""How long after it an event may be exported again; the newest copy counts, in its own slice."""

LAST = datetime(9999, 12, 30, tzinfo=UTC)
"""Later ends of a time are the same: nothing is behind them."""

TELLING = '("failure", "skipped", "warning", "1", "2", "3")'

NO_NAME = "\x01"
"""What no text has in it, in the place of a name that is too short to be told from other words."""

GROUP_KEYS = "EventStatus, AppLabel, ActionName, ErrorCode, SkipReason, Told"

EMPTY = '""'

OWN_COLUMNS = (
    "ActionName, StatusObject, Reason, SourceObject, TargetObject, AppObject, EventStatus, AppId, AppName, SourceId, "
    "SourceName, UserName, TargetId, TargetName, ErrorCode, AppLabel, Scope, ObjectKey"
)
"""What `events_of` adds to the table's columns."""


def either(*names: str) -> str:
    """Return the first of some columns that is there and says something."""
    return f"coalesce({', '.join(f'column_ifexists({literal(name)}, {EMPTY})' for name in names)})"


class Columns(Enum):
    """Which spelling of two columns the workspace has; documented and real ones differ."""

    EITHER = "either"
    CURRENT = "current"
    OLDER = "older"

    @property
    def action(self) -> str:
        """The column with the action."""
        return self._one_of("ProvisioningAction", "Action")

    @property
    def status(self) -> str:
        """The column with status and error as JSON: for rows whose columns of their own are empty."""
        return self._one_of("ProvisioningStatusInfo", "StatusInfo")

    def _one_of(self, current: str, older: str) -> str:
        if self is Columns.EITHER:
            return either(current, older)
        return current if self is Columns.CURRENT else older


def literal(text: str) -> str:
    """Return `text` as a KQL string: backslash, quote and everything unprintable escaped."""
    escaped = []
    for character in text:
        if character in {"\\", '"'}:
            escaped.append("\\" + character)
        elif character.isprintable():
            escaped.append(character)
        else:
            escaped.append("".join(f"\\u{unit:04x}" for unit in utf16_units(character)))
    return '"' + "".join(escaped) + '"'


def utf16_units(character: str) -> list[int]:
    """Return the UTF-16 units that KQL's escapes are made of."""
    data = character.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def verbatim(text: str) -> str:
    """Return a rule's pattern or replacement as a KQL string without escapes."""
    return '@"' + text.replace('"', '""') + '"'


def moment(time: datetime) -> str:
    """Return an aware time as a KQL literal."""
    return f"datetime({time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ})"


def events_of(wanted: EventFilter, columns: Columns = Columns.EITHER) -> str:
    """Return the statement that names `Events`: whose events are looked at, each once."""
    lines = [f"let Events = {TABLE}"]
    if wanted.since:
        lines.append(f"where TimeGenerated >= {moment(wanted.since)}")
    if wanted.until:
        lines.append(f"where TimeGenerated < {moment(min(wanted.until, LAST) + COPIES)}")
    if wanted.job:
        lines.append(f"where JobId =~ {literal(wanted.job)}")
    lines += [
        "summarize arg_max(TimeGenerated, *) by Id",
        *([f"where TimeGenerated < {moment(wanted.until)}"] if wanted.until else []),
        f"extend ActionName = tolower({columns.action}), "
        f"StatusObject = parse_json({columns.status}), "
        "SourceObject = parse_json(SourceIdentity), "
        "TargetObject = parse_json(TargetIdentity), AppObject = parse_json(ServicePrincipal)",
        f"extend {', '.join(map(first_of_list, OBJECTS))}",
        "extend EventStatus = tolower(coalesce(ResultType, "
        f'{one_of("StatusObject", "status")}, "unknown")), '
        f"AppId = coalesce({one_of('AppObject', 'id')}), "
        f"AppName = coalesce({one_of('AppObject', *NAMES)}, {plain('ServicePrincipal')}), "
        f"SourceId = coalesce({one_of('SourceObject', 'id')}), "
        f"SourceName = coalesce({one_of('SourceObject', *NAMES)}, {plain('SourceIdentity')}), "
        f"UserName = tostring({details('SourceObject')}.UserPrincipalName), "
        f"TargetId = coalesce({one_of('TargetObject', 'id')}), "
        f"TargetName = coalesce({one_of('TargetObject', *NAMES)}, {plain('TargetIdentity')}), "
        'ErrorCode = coalesce(iff(ResultSignature =~ "None", "", ResultSignature), '
        f"{said('errorCode')}), "
        f"Reason = coalesce(ResultDescription, {said('reason')})",
        "extend EventStatus = case("
        + ", ".join(f'EventStatus == "{at}", "{name}"' for at, name in enumerate(RESULTS))
        + ", EventStatus)",
        "extend AppLabel = iff(isnotempty(AppName), AppName, AppId), "
        "Scope = case(isnotempty(AppId), AppId, isnotempty(AppName), AppName, JobId), "
        "ObjectKey = case(isnotempty(SourceId), SourceId, isnotempty(SourceName), SourceName, "
        "isnotempty(TargetId), TargetId, TargetName)",
    ]
    if wanted.app:
        app = literal(wanted.app)
        lines.append(f"where AppId =~ {app} or AppName =~ {app}")
    if wanted.user:
        names = ("SourceId", "SourceName", "UserName", "TargetId", "TargetName")
        lines.append("where " + " or ".join(f"{n} contains {literal(wanted.user)}" for n in names))
    return "\n| ".join(lines) + ";"


OBJECTS = ("StatusObject", "SourceObject", "TargetObject", "AppObject")
NAMES = ("displayName", "name")
"""What a name is called, in the order that they are asked."""


def first_of_list(value: str) -> str:
    """Return the assignment that takes the first of what may be a list of objects."""
    return f'{value} = iff(gettype({value}) == "array", {value}[0], {value})'


def spellings(name: str) -> tuple[str, str]:
    """Return a key as Graph spells it, and as exports do: Kusto's keys mind their case."""
    return name, name[:1].upper() + name[1:]


def one_of(value: str, *names: str) -> str:
    """Return what to coalesce for the first of `names` that an object has."""
    keys = (key for name in names for key in spellings(name))
    return ", ".join(f"tostring({value}.{key})" for key in keys)


def plain(column: str) -> str:
    """Return what a column says that is a name, where an object is due."""
    return f'iff({column} matches regex @"^\\s*[\\[{{]", "", {column})'


def details(value: str) -> str:
    """Return an object's details, which may be JSON as text."""
    return f"parse_json(coalesce({one_of(value, 'details')}))"


def said(name: str) -> str:
    """Return where the status column may hold `name`, in the order that they are asked."""
    inner = (one_of(f"StatusObject.{key}", name) for key in spellings("errorInformation"))
    return ", ".join((*inner, one_of("StatusObject", name)))


def shown(wanted: EventFilter) -> list[str]:
    """Return the steps that keep *which of them* are shown."""
    lines = []
    if wanted.status:
        lines.append(f"where EventStatus in ({', '.join(map(literal, wanted.status))})")
    if wanted.error_code:
        lines.append(f"where ErrorCode endswith {literal(wanted.error_code)}")
    if wanted.action:
        lines.append(f"where ActionName =~ {literal(wanted.action)}")
    if wanted.cycle:
        lines.append(f"where CycleId =~ {literal(wanted.cycle)}")
    return lines


def piped(*steps: str) -> str:
    """Return `Events` sent through `steps`."""
    return "\n| ".join(("Events", *steps))


def days_query(wanted: EventFilter, columns: Columns = Columns.EITHER) -> str:
    """Return the query for counts: columns `Day`, `EventStatus`, `Count`."""
    counted = "summarize Count = count() by Day = bin(TimeGenerated, 1d), EventStatus"
    return f"{events_of(wanted, columns)}\n{piped(*shown(wanted), counted)}"


def groups_query(wanted: EventFilter, columns: Columns = Columns.EITHER) -> str:
    """Return the query for signatures, a row each.

    Distinct objects are counted exactly, by grouping twice: Kusto's `dcount` only estimates.
    """
    steps = [
        *part_steps(wanted),
        f"lookup kind=leftouter (Events | {LATEST} | project Scope, ObjectKey, LatestId = Id) "
        "on Scope, ObjectKey",
        "summarize Events = sum(Hits), Objects = countif(isnotempty(ObjectKey)), "
        "Failing = countif(isnotempty(ObjectKey) and Id == LatestId), "
        "FirstSeen = min(FirstSeen), LastSeen = max(LastSeen), Sample = make_set(Id, 5), "
        f"arg_max(TimeGenerated, Id) by {GROUP_KEYS}",
    ]
    return f"{events_of(wanted, columns)}\n{piped(*steps)}"


LATEST = "summarize arg_max(TimeGenerated, Id) by Scope, ObjectKey"


def part_steps(wanted: EventFilter) -> list[str]:
    """Return the steps that make a row of each signature and object."""
    return [
        *shown(wanted),
        'where EventStatus != "success"',
        *telling_steps(),
        *told_steps(),
        "summarize Hits = count(), FirstSeen = min(TimeGenerated), LastSeen = max(TimeGenerated), "
        f"arg_max(TimeGenerated, Id) by {GROUP_KEYS}, Scope, ObjectKey",
    ]


def parts_query(wanted: EventFilter, columns: Columns = Columns.EITHER) -> str:
    """Return the query for a row of each signature and object: what slices of time bring."""
    return f"{events_of(wanted, columns)}\n{piped(*part_steps(wanted))}"


def latest_query(wanted: EventFilter, columns: Columns = Columns.EITHER) -> str:
    """Return the query for each object's newest event, whatever its status."""
    return f"{events_of(wanted, columns)}\n{piped(LATEST)}"


def telling_steps() -> list[str]:
    """Return the steps that find the last provisioning step that did not succeed.

    It is the last or the last but one: Entra writes at most a reference resolution behind it.
    """
    status = [f"tolower(coalesce({one_of(f'Steps[-{at}]', 'status')}))" for at in (1, 2)]
    return [
        "extend Steps = parse_json(ProvisioningSteps)",
        f"extend Step = case({status[0]} in {TELLING}, Steps[-1], "
        f"{status[1]} in {TELLING}, Steps[-2], dynamic(null))",
        f"extend StepDetails = {details('Step')}, "
        f"StepWords = coalesce({one_of('Step', 'description')})",
        "extend SkipReason = tostring(StepDetails.SkipReason), "
        "SkipAttribute = tostring(StepDetails.PropertyName)",
    ]


def told_steps() -> list[str]:
    """Return the steps that make `Told`, the signature's text."""
    words = (
        "iff(isnotempty(Reason), Reason, "
        'strcat(iff(isnotempty(SkipAttribute), strcat(SkipAttribute, ": "), ""), '
        'iff(isnotempty(StepWords), StepWords, iff(isnotempty(SkipReason), SkipReason, ""))))'
    )
    steps = [
        f"extend Told = {words}",
        f"extend Told = replace_string(substring(Told, 0, {LONGEST_REASON}), "
        f'{literal(NET_SENTENCE)}, "")',
    ]
    steps += [
        f"extend Told = replace_string(Told, iff(strlen({name}) >= {SHORTEST_NAME}, {name}, "
        f'{literal(NO_NAME)}), "<name>")'
        for name in ("UserName", "SourceName", "SourceId", "TargetId")
    ]
    steps += replacements((RETRY_RULE, *VALUE_RULES, *WORD_RULES))
    return [*steps, f'extend Told = trim(@" +", substring(Told, 0, {LONGEST_TEXT}))']


def replacements(rules: Iterable[tuple[str, str]]) -> list[str]:
    """Return a step for each rule."""
    return [
        f"extend Told = replace_regex(Told, {verbatim(pattern)}, {verbatim(replacement)})"
        for pattern, replacement in rules
    ]


def newest_query(wanted: EventFilter, columns: Columns = Columns.EITHER, *, limit: int) -> str:
    """Return the query for the newest rows, with the table's own columns."""
    steps = (*shown(wanted), f"top {int(limit)} by TimeGenerated desc")
    return f"{events_of(wanted, columns)}\n{piped(*steps, f'project-away {OWN_COLUMNS}')}"


def by_id_query(wanted: EventFilter, ids: Iterable[str]) -> str:
    """Return the query for the rows with `ids`, with the table's own columns."""
    listed = ", ".join(map(literal, ids))
    times = [f"where TimeGenerated >= {moment(wanted.since)}"] if wanted.since else []
    return "\n| ".join((TABLE, *times, f"where Id in ({listed})"))
