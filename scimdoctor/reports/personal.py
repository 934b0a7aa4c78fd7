"""Finds in a report what names a person or an object: the originals that pseudonyms replace.

Attributes are recognised by name (RFC 7643 and Graph spellings, with or without punctuation, since
Entra's log drops it); queries and paths by their form.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from scimdoctor.model.exchange import json_of
from scimdoctor.model.provisioning import GROUP_MARK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scimdoctor.model.comparison import Comparison
    from scimdoctor.model.diagnosis import Diagnosis
    from scimdoctor.model.exchange import Exchange, ScimRequest
    from scimdoctor.model.provisioning import ProvisionedIdentity, ProvisioningObjectSummary
    from scimdoctor.model.replay import Replay
    from scimdoctor.model.report import Report


class Kind(StrEnum):
    """What an original is."""

    PERSON = "person"
    MAIL = "mail"
    PHONE = "phone"
    PLACE = "place"
    ID = "id"


Original = tuple[Kind, str]

_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"phone|mobile|fax"), Kind.PHONE),
    (re.compile(r"mail(?!nickname)|userprincipalname|\bupn|proxyaddress|imaddress"), Kind.MAIL),
    (re.compile(r"street|postalcode|addresses.*formatted|postofficebox"), Kind.PLACE),
    (
        re.compile(
            r"username|givenname|familyname|surname|firstname|lastname|middlename|nickname"
            r"|displayname|formatted|samaccountname|alias|manager.*name|members.*display$|^name$"
        ),
        Kind.PERSON,
    ),
    (
        re.compile(
            r"^id$|objectid|externalid|employeeid|employeenumber|immutableid|anchor"
            r"|manager(value)?$|members(value)?$"
        ),
        Kind.ID,
    ),
)
_NOT_PERSONAL = frozenset(
    {
        "", "user", "users", "group", "groups", "test", "admin", "none", "null", "true", "false",
        "unknown", "work", "home", "other", "system", "default", "value", "active", "me", "bulk",
    }
)  # fmt: skip
_COMPARED = re.compile(r"([\w.:\[\]$-]+)\s+(?:eq|co|sw|ew)\s+\"((?:[^\"\\]|\\.)*)\"", re.IGNORECASE)
_RESOURCE = re.compile(r"/(?:Users|Groups)/([^/?#]+)", re.IGNORECASE)
_DEEPEST = 40


def originals(report: Report) -> Iterator[Original]:
    """Return everything in `report` that names a person or an object; duplicates included."""
    yield from (pair for pair in _all(report) if pair[1].casefold() not in _NOT_PERSONAL)


def _all(report: Report) -> Iterator[Original]:
    for event in report.event_list:
        yield from _of_event(event)
    for exchange in report.exchanges:
        yield from _of_exchange(exchange)
    for replay in report.replays:
        yield from _of_replay(replay)
    for comparison in report.comparisons:
        yield from _of_comparison(comparison)
    for diagnosis in report.diagnoses:
        yield from _of_diagnosis(diagnosis)
    yield from _of_the_rest(report)


def _of_diagnosis(diagnosis: Diagnosis) -> Iterator[Original]:
    affected = diagnosis.affected
    yield from ((Kind.ID, i) for i in (affected.sample if affected else ()))
    names = (*(affected.names if affected else ()), *(e.label for e in diagnosis.evidence))
    yield from (_named(name) for name in names if name and not name.endswith(GROUP_MARK))


def _of_the_rest(report: Report) -> Iterator[Original]:
    for app in report.apps:
        yield from ((Kind.ID, text) for text in (app.id, app.app_id, app.job_id) if text)
    if report.job:
        yield Kind.ID, report.job.id
    user = report.target.get("user")
    if user:
        yield _named(user)


def kind_of(attribute: str) -> Kind | None:
    """Return what values of `attribute` are, judged by its name; `None` for nothing personal."""
    urn, _, last = attribute.rpartition(":")
    flat = re.sub(r"[^a-z0-9]", "", (last if urn.startswith("urn") else attribute).casefold())
    return next((kind for pattern, kind in _KINDS if pattern.search(flat)), None)


def _of_event(event: ProvisioningObjectSummary) -> Iterator[Original]:
    ids = (event.id, event.tenant_id, event.job_id, event.cycle_id, event.change_id)
    systems = (event.source_system.id, event.target_system.id, event.service_principal.id)
    yield from ((Kind.ID, text) for text in (*ids, *systems, event.initiated_by.id) if text)
    if (event.initiated_by.initiator_type or "").casefold() == "user":
        yield _named(event.initiated_by.display_name or "")
    for identity in (event.source_identity, event.target_identity):
        yield from _of_identity(identity, is_group=event.is_group)
    for change in event.modified_properties:
        for value in (change.old_value, change.new_value):
            yield from _of_value(change.display_name, value, is_group=event.is_group)
    for step in event.provisioning_steps:
        for name, value in step.details.items():
            yield from _of_value(name, value, is_group=event.is_group)


def _of_identity(identity: ProvisionedIdentity, *, is_group: bool) -> Iterator[Original]:
    if identity.id:
        yield Kind.ID, identity.id
    if identity.display_name and not is_group:
        yield _named(identity.display_name)
    for name, value in identity.details.items():
        yield from _of_value(name, value, is_group=is_group)


def _of_value(attribute: str, value: str | None, *, is_group: bool) -> Iterator[Original]:
    """Return what `value` of `attribute` holds; it may be JSON text of several values."""
    if not value:
        return
    parsed = json_of(value.encode("utf-8", "replace")) if value[:1] in '{["' else None
    if parsed is not None:
        yield from _of_json(parsed, attribute, is_group=is_group)
        return
    yield from _leaf(attribute, value, is_group=is_group)


def _leaf(attribute: str, value: str, *, is_group: bool) -> Iterator[Original]:
    kind = kind_of(attribute)
    if kind is None or (is_group and kind is Kind.PERSON and "member" not in attribute.casefold()):
        return
    text = value.strip()
    yield _named(text) if kind is Kind.PERSON else (kind, text)


def _named(text: str) -> Original:
    return (Kind.MAIL if "@" in text else Kind.PERSON), text.strip()


def _of_exchange(exchange: Exchange) -> Iterator[Original]:
    yield from _of_request(exchange.request)
    if exchange.response:
        is_group = "/groups" in exchange.url.casefold()
        yield from _of_body(exchange.response.body, is_group=is_group)


def _of_request(request: ScimRequest) -> Iterator[Original]:
    is_group = request.path.casefold().startswith("/groups")
    yield from ((Kind.ID, match) for match in _RESOURCE.findall(request.path))
    for attribute, value in _COMPARED.findall(unquote_plus(request.query)):
        yield from _leaf(attribute, value.replace('\\"', '"'), is_group=is_group)
    yield from _of_body(request.body, is_group=is_group)


def _of_body(body: bytes, *, is_group: bool) -> Iterator[Original]:
    parsed = json_of(body)
    if isinstance(parsed, (dict, list)):
        yield from _of_json(parsed, "", is_group=is_group)


def _of_json(
    value: Any,  # noqa: ANN401 - JSON
    path: str,
    *,
    is_group: bool,
    depth: int = 0,
) -> Iterator[Original]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        own_group = is_group or _says_group(value)
        for name, item in _members(value):
            below = name if name.startswith("urn:") or not path else f"{path}.{name}"
            yield from _of_json(item, below, is_group=own_group, depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _of_json(item, path, is_group=is_group, depth=depth + 1)
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield from _leaf(path, str(value), is_group=is_group)


def _members(value: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """Return the members of a JSON object; a PATCH operation's value stands under its path."""
    if "op" in value and isinstance(value.get("path"), str):
        return [(value["path"], value.get("value"))]
    if "op" in value and isinstance(value.get("value"), dict):
        return list(value["value"].items())
    return [(k.removeprefix("Operations").removeprefix("Resources"), v) for k, v in value.items()]


def _says_group(value: Mapping[str, Any]) -> bool:
    schemas = value.get("schemas")
    return isinstance(schemas, list) and any(str(urn).endswith(":Group") for urn in schemas)


def _of_replay(replay: Replay) -> Iterator[Original]:
    yield Kind.ID, replay.event
    is_group = False
    for replayed in replay.requests:
        is_group = is_group or replayed.rebuilt.request.path.casefold().startswith("/groups")
        yield from _of_request(replayed.rebuilt.request)
    for difference in replay.differences:
        for value in (difference.sent, difference.answered, difference.stored):
            yield from _of_value(difference.attribute, value, is_group=is_group)
    if replay.label and not is_group:
        yield _named(replay.label)


def _of_comparison(comparison: Comparison) -> Iterator[Original]:
    yield _named(comparison.object)
    yield from ((Kind.ID, i) for i in (comparison.source_id, comparison.target_id) if i)
    for note in comparison.notes:
        what, colon, names = note.partition(": ")
        if colon and what.startswith("members"):
            yield from (_named(name) for name in names.partition(" and ")[0].split(", "))
    for row in comparison.attributes:
        sources = (row.source or "").split(", ")
        for text in sources:
            name, equals, value = text.partition(" = ")
            if equals:
                yield from _of_value(name, value, is_group=False)
        for found in (row.expected, row.actual):
            yield from _of_value(row.attribute, found, is_group=False)


def json_spelling(text: str) -> str:
    """Return `text` as it stands inside a JSON string with non-ASCII characters escaped."""
    return json.dumps(text)[1:-1]
