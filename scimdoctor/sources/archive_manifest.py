"""What one tenant's archive holds: the list of its files and the times that were pulled.

The manifest is the archive's only truth: a file that it does not list does not exist. It is
replaced in one step, so that a reader sees the state before or after a pull, never between.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scimdoctor.errors import SourceError
from scimdoctor.sources.private_files import write_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FORMAT = 1
"""Version of the archive's layout; raised when old programs would misread it."""

ALL_APPS = "*"
"""Coverage key of a pull that was not limited to one app."""

LATE = timedelta(minutes=15)
"""The end of a pulled time is pulled again: Entra writes events minutes after they happen."""

UNDATED = "unknown"
"""What the day of events without a time begins with; they are as old as the pull that brought them."""

REMEMBERED_PULLS = 50
NAME = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """One Parquet file."""

    path: str
    """Relative to the tenant's folder."""

    app_id: str
    app: str | None
    day: str
    """ISO date, UTC; `unknown-` and the date of the pull for events without a time."""

    rows: int
    bytes: int
    sha256: str

    @property
    def is_dated(self) -> bool:
        """Whether its events have a time."""
        return not self.day.startswith(UNDATED)

    @property
    def kept_since(self) -> str:
        """The day that tells how old it is; none, and so the oldest, of very old archives."""
        return self.day.removeprefix(UNDATED).removeprefix("-")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A time from `since` on and before `until`; both aware, UTC."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One tenant's archive."""

    tenant: str
    files: tuple[ArchiveFile, ...] = ()
    coverage: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    """By app id, or `ALL_APPS`: the times that were pulled completely, in order, apart."""

    pulls: tuple[str, ...] = ()
    """Ids of the latest pulls that are in."""

    def covered(self, app_id: str | None) -> tuple[Span, ...]:
        """Return the times of which all events of an app (of all apps) are here."""
        spans = list(self.coverage.get(ALL_APPS, ()))
        if app_id:
            spans += self.coverage.get(app_id, ())
        return united(spans)

    def with_coverage(self, app_id: str | None, span: Span) -> Manifest:
        """Return the manifest with one more time covered."""
        key = app_id or ALL_APPS
        spans = united([*self.coverage.get(key, ()), span])
        return replace(self, coverage={**self.coverage, key: spans})


def united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return `spans` in order, those that touch made one."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.since <= result[-1].until:
            result[-1] = Span(result[-1].since, max(result[-1].until, span.until))
        else:
            result.append(span)
    return tuple(result)


def gaps(wanted: Span, covered: Iterable[Span]) -> tuple[Span, ...]:
    """Return what of `wanted` must be pulled, newest first; the end of each span counts as open."""
    found = []
    start = wanted.since
    for span in covered:
        sure = max(span.until - LATE, span.since)
        if span.since > start:
            found.append(Span(start, min(span.since, wanted.until)))
        start = max(start, sure)
        if start >= wanted.until:
            break
    if start < wanted.until:
        found.append(Span(start, wanted.until))
    return tuple(span for span in reversed(found) if span.since < span.until)


def read_manifest(folder: Path, tenant: str) -> Manifest:
    """Return the manifest in a tenant's folder; an empty one if there is none.

    Raises `SourceError` if it is damaged, or written by a newer program.
    """
    path = folder / NAME
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return decoded(upgraded(raw, path))
    except FileNotFoundError:
        return Manifest(tenant=tenant)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(
            f"the archive's manifest {path} cannot be read",
            hint="run 'scimdoctor archive verify'; move the tenant's folder away to start afresh",
        ) from error


def upgraded(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return a manifest in today's format; older formats are converted here, one step each."""
    version = raw["format"]
    if not isinstance(version, int) or version > FORMAT:
        raise SourceError(
            f"{path} was written by a newer scimdoctor (format {version})",
            hint="update scimdoctor, or give another folder with SCIMDOCTOR_ARCHIVE",
        )
    return raw


def decoded(raw: dict[str, Any]) -> Manifest:
    """Return a manifest's JSON as a value."""
    return Manifest(
        tenant=raw["tenant"],
        files=tuple(ArchiveFile(**one) for one in raw["files"]),
        coverage={
            key: tuple(Span(as_time(since), as_time(until)) for since, until in spans)
            for key, spans in raw["coverage"].items()
        },
        pulls=tuple(raw["pulls"]),
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest in a tenant's folder, in one step."""
    names = ArchiveFile.__slots__
    write_json(
        folder / NAME,
        {
            "format": FORMAT,
            "tenant": manifest.tenant,
            "files": [{name: getattr(one, name) for name in names} for one in manifest.files],
            "coverage": {
                key: [[span.since.isoformat(), span.until.isoformat()] for span in spans]
                for key, spans in manifest.coverage.items()
            },
            "pulls": list(manifest.pulls[-REMEMBERED_PULLS:]),
        },
    )


def as_time(text: str) -> datetime:
    """Return an ISO time in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
