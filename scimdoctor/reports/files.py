"""Reports and baselines as files: read whole, written whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from scimdoctor.errors import SourceError
from scimdoctor.reports.baseline import apply_baseline, read_baseline, write_baseline
from scimdoctor.reports.load import load_report
from scimdoctor.reports.neutral import json_safe

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from scimdoctor.model.report import Report
    from scimdoctor.reports.pseudonyms import Replacement

LARGEST_REPORT = 512 * 1024 * 1024
"""Bytes; what is bigger is no report that we wrote."""


def read_report(path: Path) -> Report:
    """Return the JSON report in `path`; `-` is standard input.

    Raises:
        SourceError: the file cannot be read or is no report.
    """
    return load_report(_text(path), str(path))


def with_baseline(report: Report, path: Path) -> Report:
    """Return `report` with the problems marked that the baseline in `path` lists.

    Raises:
        SourceError: the file cannot be read or is no baseline.
    """
    return apply_baseline(report, read_baseline(_text(path), str(path)))


def save_baseline(report: Report, path: Path) -> None:
    """Write a baseline of all problems in `report`.

    Raises:
        SourceError: the file cannot be written.
    """
    _save(write_baseline(report), path)


def save_replacements(replaced: Iterable[Replacement], path: Path) -> None:
    """Write what was replaced by which pseudonym, readable by its owner alone.

    Raises:
        SourceError: the file cannot be written.
    """
    items = [
        {"kind": item.kind.value, "original": item.original, "pseudonym": item.pseudonym}
        for item in replaced
    ]
    _save(json_safe(json.dumps({"replaced": items}, indent=2, ensure_ascii=False)) + "\n", path)


def save_text(text: str, path: Path) -> None:
    """Write `text`, whole or not at all.

    Raises:
        SourceError: the file cannot be written.
    """
    _save(text, path)


def _save(text: str, path: Path) -> None:
    draft = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SourceError(
            f"cannot write {path}: {error.strerror}", hint="give a path that can be written"
        ) from error


def _text(path: Path) -> str:
    try:
        if str(path) == "-":
            return sys.stdin.read()
        if path.stat().st_size > LARGEST_REPORT:
            raise SourceError(f"{path} is too large for a report")
        return path.read_text("utf-8")
    except OSError as error:
        raise SourceError(
            f"cannot read {path}: {error.strerror}", hint="check the path and its permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{path} is not UTF-8 text", hint="give a report made with -f json"
        ) from error
