"""What a file is that was given as events but holds none."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_LARGEST_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A known form, and the option that takes it."""

    what: str
    option: str


_MAPPING = Form(what="an attribute mapping", option="--schema")
_JOB = Form(what="a synchronization job", option="--job")
_CAPTURE = Form(what="a HAR capture", option="--har")


def form_of(path: str) -> Form | None:
    """Return what `path` holds besides events; `None` if that cannot be told."""
    try:
        file = Path(path)
        if not file.is_file() or file.stat().st_size > _LARGEST_BYTES:
            return None
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return _form_of(document)


def _form_of(document: object) -> Form | None:
    listed = document.get("value", document) if isinstance(document, dict) else document
    first = listed[0] if isinstance(listed, list) and listed else listed
    if not isinstance(first, dict):
        return None
    if "synchronizationRules" in first:
        return _MAPPING
    if isinstance(first.get("log"), dict) and "entries" in first["log"]:
        return _CAPTURE
    return _JOB if "schedule" in first and "status" in first else None
