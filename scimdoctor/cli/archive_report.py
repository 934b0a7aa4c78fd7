"""What the `archive` commands say."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scimdoctor.model.report import StatusVerdict
from scimdoctor.reports.verdict import counted
from scimdoctor.sources.private_files import PRIVATE_FILE, writing
from scimdoctor.sources.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from scimdoctor.progress import Progress
    from scimdoctor.sources.archive import Archive
    from scimdoctor.sources.archive_manifest import ArchiveFile

SUBJECT = "Archive"
OK = "ok"
DAMAGED = "damaged"


def listing(root: Path, found: Sequence[Archive]) -> StatusVerdict:
    """Tell what the archives hold, a line an app."""
    facts = []
    events = size = 0
    for archive in found:
        files = archive.manifest.files
        events += sum(one.rows for one in files)
        size += sum(one.bytes for one in files)
        # The last name counts: an app may have been renamed.
        names = {f.app_id: f.app or f.app_id for f in sorted(files, key=lambda f: f.day)}
        apps = sorted((name, app_id) for app_id, name in names.items())
        facts += [
            (name, f"{line_of([f for f in files if f.app_id == app_id])}, tenant {archive.tenant}")
            for name, app_id in apps
        ]
    headline = (
        f"{counted(events, 'event')} of {counted(len(found), 'tenant')}, {in_megabytes(size)}, in {root}"
        if found
        else f"Nothing is archived yet; archives are kept in {root}"
    )
    return StatusVerdict(subject=SUBJECT, health=OK, headline=headline, facts=tuple(facts))


def line_of(files: Sequence[ArchiveFile]) -> str:
    """Tell days, events and size of some files."""
    days = sorted(one.day for one in files if one.is_dated)
    rows, size = sum(one.rows for one in files), sum(one.bytes for one in files)
    undated = sum(one.rows for one in files if not one.is_dated)
    without = f" ({undated:,} without a time)" if undated else ""
    span = f"{days[0]} to {days[-1]}, " if days else ""
    return f"{span}{counted(rows, 'event')}{without}, {in_megabytes(size)}"


def in_megabytes(size: int) -> str:
    """Return bytes as people read them."""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


def pruned(found: Sequence[Archive], before: date, progress: Progress) -> StatusVerdict:
    """Remove the days before `before` and tell how much that was."""
    facts = []
    removed = 0
    for archive in found:
        rows, size = archive.prune(before, Waiting(folder=archive.folder, progress=progress))
        removed += rows
        facts.append((archive.tenant, f"{counted(rows, 'event')} removed, {in_megabytes(size)}"))
    return StatusVerdict(
        subject=SUBJECT,
        health=OK,
        headline=f"{counted(removed, 'event')} from before {before.isoformat()} removed."
        if removed
        else f"Nothing to remove: no event is from before {before.isoformat()}.",
        facts=tuple(facts),
    )


def verified(found: Sequence[Archive], progress: Progress) -> StatusVerdict:
    """Tell what is wrong with the archives."""
    faults = [(one.tenant, fault) for one in found for fault in one.verify(progress=progress)]
    files = sum(len(archive.manifest.files) for archive in found)
    left = tuple(
        (one.tenant, f"{counted(count, 'file')} left by an interrupted pull; the next removes them")
        for one in found
        if (count := one.leftovers())
    )
    if not faults:
        headline = f"All {files} files are whole."
        return StatusVerdict(subject=SUBJECT, health=OK, headline=headline, facts=left)
    return StatusVerdict(
        subject=SUBJECT,
        health=DAMAGED,
        headline=f"{counted(len(faults), 'fault')} in {counted(files, 'file')}.",
        facts=(*faults, *left),
        next_steps=(
            "Move the tenant's folder away and pull again; Entra keeps 30 days (7 without P1/P2).",
        ),
    )


def export_to(archive: Archive, target: Path | None, app: str | None, progress: Progress) -> int:
    """Write the records to `target`, whole or not at all, or to standard output."""
    if target is None or str(target) == "-":
        count = archive.export(sys.stdout, app, progress=progress)
        sys.stdout.flush()
        return count
    draft = target.with_name(target.name + ".part")
    with writing(target):
        try:
            with draft.open("w", encoding="utf-8") as out:
                draft.chmod(PRIVATE_FILE)
                count = archive.export(out, app, progress=progress)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    return count
