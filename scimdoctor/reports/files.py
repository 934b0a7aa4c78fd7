"""Reports and baselines as files: read whole, written whole or not at all."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from scimdoctor.errors import SourceError
from scimdoctor.reports.baseline import apply_baseline, read_baseline, write_baseline
from scimdoctor.reports.load import load_report

if TYPE_CHECKING:
    from pathlib import Path

    from scimdoctor.model.report import Report

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
    draft = path.with_name(f"{path.name}.part")
    try:
        draft.write_text(write_baseline(report), encoding="utf-8")
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
