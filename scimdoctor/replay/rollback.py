"""Saves what a live replay is about to change, and puts it back.

The file is written before the request, readable by its owner only; it holds the object as it was,
without credentials.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from scimdoctor.entra import requests
from scimdoctor.entra.requests import Change
from scimdoctor.errors import SourceError
from scimdoctor.model.reconstruction import Purpose
from scimdoctor.redaction import REDACTED, drop_passwords
from scimdoctor.replay.differences import keys_of
from scimdoctor.replay.sending import object_id_of
from scimdoctor.replay.sent_values import sent_values
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from scimdoctor.entra.dialect import Dialect
    from scimdoctor.model.exchange import ScimRequest
    from scimdoctor.model.reconstruction import ReconstructedRequest

_VERSION = 1
_OBJECT = re.compile(r"/(?:Users|Groups)(?:/[^/?#\s]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """One object before a live replay touched it."""

    base_url: str
    event: str
    resource: str
    """`Users` or `Groups`."""

    saved_at: str
    """ISO 8601."""

    object_id: str | None = None
    """`None` until a create has given it."""

    before: dict[str, Any] | None = None
    """The whole object; `None` when it did not exist."""

    writes: tuple[str, ...] = field(default=())
    """What was about to be sent: method and path of each, for a person."""

    made: tuple[str, str] | None = None
    """By what a create's object is found, attribute and value, where no answer gave its id."""

    undo: tuple[dict[str, Any], ...] = field(default=())
    """The requests that undo it: `method`, `path` and `body` each."""

    notes: tuple[str, ...] = field(default=())
    """What cannot be put back."""

    @property
    def most_writes(self) -> int:
        """How many writes undo it at most."""
        return max(len(self.undo), int(self.made is not None))


def state_before(
    writes: tuple[ReconstructedRequest, ...],
    before: dict[str, Any] | None,
    *,
    where: tuple[str, str, str],
    dialect: Dialect,
    at: datetime,
) -> SavedState:
    """Work out how `writes` are undone; `where` is base URL, event and `Users` or `Groups`."""
    base_url, event, resource = where
    undo: list[ScimRequest] = []
    notes: list[str] = []
    for write in reversed(writes):
        request, problems = _undo(write, before, dialect)
        undo += [request] if request else []
        notes += problems
    return SavedState(
        base_url=base_url,
        event=event,
        resource=resource,
        saved_at=at.isoformat(),
        object_id=object_id_of(writes[0].request),
        before=before,
        writes=tuple(f"{w.request.method} {w.request.path}" for w in writes),
        undo=tuple(_stored(request) for request in undo),
        notes=tuple(dict.fromkeys(notes)),
    )


def made_by(write: ReconstructedRequest, matching: tuple[str, ...]) -> tuple[str, str] | None:
    """By what the object of a create is found again; `None` if it is none or has no such value."""
    if write.purpose is not Purpose.CREATE:
        return None
    values = ((path, value_at(write.request.json, path)) for path in matching)
    return next(((p, v) for p, v in values if isinstance(v, str) and v), None)


def _undo(
    write: ReconstructedRequest, before: dict[str, Any] | None, dialect: Dialect
) -> tuple[ScimRequest | None, list[str]]:
    """The request that undoes `write`, and what it cannot put back."""
    if write.purpose is Purpose.CREATE:
        return None, []
    object_id = object_id_of(write.request)
    if before is None or object_id is None:
        return None, ["the object's state before is not known"]
    resource = write.request.path.strip("/").partition("/")[0]
    if write.purpose is Purpose.DELETE:
        kept = {k: v for k, v in before.items() if k not in {"id", "meta", "groups"}}
        note = (
            "a deleted object is created anew: the app gives it another id, and its memberships"
            " are not put back"
        )
        return requests.with_body("POST", f"/{resource}", drop_passwords(kept)), [note]
    changes, notes = _inverse(write, before)
    if not changes:
        return None, notes
    return requests.update(resource, object_id, changes, dialect=dialect), notes


def _inverse(write: ReconstructedRequest, before: dict[str, Any]) -> tuple[list[Change], list[str]]:
    changes: list[Change] = []
    notes: list[str] = []
    for item in sent_values(write.request):
        old = _old_value(before, item.path)
        if item.path.casefold() == "members":
            changes += _inverse_members(item.op, item.value, old)
        elif old is not None and REDACTED in json.dumps(old):
            notes.append(f"{item.path} held a secret, which was not saved")
        elif old in (None, "", []):
            changes.append(Change(op="remove", path=item.path))
        else:
            changes.append(Change(op="replace", path=item.path, value=old))
    return changes, notes


def _old_value(before: dict[str, Any], path: str) -> Any:  # noqa: ANN401
    """What the object held; a manager as the bare id that Entra sends."""
    old = value_at(before, path)
    is_manager = path.casefold().endswith("manager")
    return old.get("value") if is_manager and isinstance(old, dict) else old


def _inverse_members(op: str, value: Any, old: Any) -> list[Change]:  # noqa: ANN401
    held, named = keys_of(old), keys_of(value)
    if op == "replace":
        whole: list[dict[str, Any]] = [{"value": key} for key in sorted(held)]
        return [Change(op="replace", path="members", value=whole)]
    affected = named - held if op == "add" else named & held
    elements: list[dict[str, Any]] = [{"$ref": None, "value": key} for key in sorted(affected)]
    inverse = "remove" if op == "add" else "add"
    return [Change(op=inverse, path="members", value=elements)] if elements else []


def _stored(request: ScimRequest) -> dict[str, Any]:
    return {"method": request.method, "path": request.path, "body": request.json}


def with_created_id(state: SavedState, object_id: str) -> SavedState:
    """The state after a create: undone by deleting what it made."""
    undo = _stored(requests.delete(state.resource, object_id))
    return replace(state, object_id=object_id, made=None, undo=(undo,))


def without_meta(resource: dict[str, Any]) -> dict[str, Any]:
    """What can be compared: a write that changes nothing may still renew `meta`."""
    return {name: value for name, value in resource.items() if name.casefold() != "meta"}


def undo_requests(state: SavedState) -> tuple[ScimRequest, ...]:
    """The requests that put `state` back, in order."""
    found = []
    for item in state.undo:
        method, path, body = item["method"], item["path"], item["body"]
        if method == "DELETE":
            found.append(replace(requests.get(path), method="DELETE"))
        else:
            found.append(requests.with_body(method, path, body))
    return tuple(found)


def save(state: SavedState, folder: Path) -> Path:
    """Write `state` to a new file in `folder`, for its owner only.

    Raises:
        SourceError: the file cannot be written; nothing must be sent then.
    """
    stamp = "".join(c for c in state.saved_at[:26] if c.isalnum())
    name = "".join(c if c.isalnum() or c in "-_" else "-" for c in state.event)[:60]
    names = (f"rollback-{stamp}-{name}{extra}.json" for extra in ("", *map(str, range(2, 1000))))
    path = next(folder / n for n in names if not (folder / n).exists())
    overwrite(path, state)
    return path


def overwrite(path: Path, state: SavedState) -> None:
    """Write `state` to `path`, whole or not at all.

    Raises:
        SourceError: the file cannot be written.
    """
    document = {"version": _VERSION, **{n: getattr(state, n) for n in _FIELDS}}
    draft = path.with_suffix(".part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(document, stream, indent=2, ensure_ascii=True)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        raise SourceError(
            f"cannot save the state before to {path}: {error.strerror}",
            hint="A live replay only writes what it can put back.",
        ) from error


_FIELDS = (
    "base_url",
    "event",
    "resource",
    "saved_at",
    "object_id",
    "before",
    "writes",
    "made",
    "undo",
    "notes",
)


def load(path: Path) -> SavedState:
    """Read what `save` wrote.

    Raises:
        SourceError: the file cannot be read or is none of ours.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise SourceError(f"{path} is no JSON file") from error
    if not _is_ours(document):
        raise SourceError(
            f"{path} is no rollback file",
            hint="Give the file that a live replay named when it ended.",
        )
    return SavedState(
        base_url=document["base_url"],
        event=str(document.get("event") or ""),
        resource=document["resource"],
        saved_at=str(document.get("saved_at") or ""),
        object_id=document.get("object_id"),
        before=document.get("before"),
        writes=tuple(map(str, document.get("writes") or ())),
        made=_made(document.get("made")),
        undo=tuple(document["undo"]),
        notes=tuple(map(str, document.get("notes") or ())),
    )


def _made(value: Any) -> tuple[str, str] | None:  # noqa: ANN401
    pair = value if isinstance(value, list) and len(value) == 2 else []
    return (pair[0], pair[1]) if pair and all(isinstance(p, str) for p in pair) else None


def _is_ours(document: Any) -> bool:  # noqa: ANN401
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        return False
    undo = document.get("undo")
    known = document.get("resource") in {"Users", "Groups"}
    if not known or not isinstance(document.get("base_url"), str) or not isinstance(undo, list):
        return False
    return all(_is_request(item) for item in undo)


def _is_request(item: Any) -> bool:  # noqa: ANN401
    if not isinstance(item, dict) or not isinstance(item.get("path"), str):
        return False
    if not _OBJECT.fullmatch(item["path"]):
        return False
    if item.get("method") == "DELETE":
        return True
    return item.get("method") in {"PATCH", "POST"} and isinstance(item.get("body"), dict)
