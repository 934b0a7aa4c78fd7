"""CSV of the provisioning log whose titles are in another language: columns told by their cells.

The portal may name columns in its user's language, which nothing documents; what the cells hold is
not translated: Graph's enumerations, its error codes, the form of a job's id. A column is named
only where its cells leave no doubt and no other column fits as well.
"""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING

from scimdoctor.entra.error_codes import find_error_code
from scimdoctor.sources.csv_dates import DateOrder
from scimdoctor.sources.csv_rows import find_header
from scimdoctor.sources.fields import as_time
from scimdoctor.sources.record import ACTIONS, RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LOOKED_AT = 200
"""Rows that tell what the columns are."""

JOB_ID = re.compile(r"[\w-]{1,80}[.][0-9a-fA-F]{32}[.][0-9a-fA-F-]{36}")
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
SCIM_ERROR = "SystemForCrossDomainIdentityManagement"
"""What error codes of SCIM begin with, known ones and others."""

ANSWER = "StatusCode: "
"""What Entra's reason for a failure says of the app's answer."""

NEEDED = frozenset({"activityDateTime", "provisioningStatus"})
TELLING = frozenset({"jobId", "errorCode", "provisioningSteps"})
"""Without one of them it may be any log."""


def told_titles(head: str) -> dict[str, str]:
    """Return Graph's name for each title of the CSV that begins with `head`, told by its cells.

    Nothing if the cells do not show that it is of the provisioning log.
    """
    header, before = find_header(head)
    lines = list(io.StringIO(head, newline=""))[before:]
    cut_off = len(lines) > 1 and lines[-1][-1] not in "\r\n"
    text = lines[:-1] if cut_off else lines
    try:
        found = list(islice(csv.reader(text, delimiter=header.delimiter), LOOKED_AT))
    except csv.Error:
        return {}
    width = len(header.titles)
    rows = [row for row in found if len(row) == width]
    told = told_by_cells(list(zip(*rows, strict=True)))
    if not told.keys() >= NEEDED or not TELLING & told.keys():
        return {}
    return {header.titles[at]: name for name, at in told.items()}


def told_by_cells(columns: Sequence[tuple[str, ...]]) -> dict[str, int]:
    """Return the place of each column that is told by its cells, by Graph's name for it."""
    told = {}
    for name, fits in TESTS.items():
        found = [at for at, cells in enumerate(columns) if any(cells) and fits(cells)]
        if len(found) == 1:
            told[name] = found[0]
    if "provisioningStatus" in told:
        status = columns[told["provisioningStatus"]]
        free = [at for at in range(len(columns)) if at not in told.values()]
        found = [at for at in free if tells_faults(columns[at], status)]
        if len(found) > 1:
            found = [at for at in found if any(ANSWER in cell for cell in columns[at])]
        if len(found) == 1:
            told["reason"] = found[0]
    return told


def every(test: Callable[[str], object]) -> Callable[[tuple[str, ...]], bool]:
    """Return whether all cells are filled and pass `test`."""
    return lambda cells: all(cell and test(cell) for cell in cells)


def filled(test: Callable[[str], object]) -> Callable[[tuple[str, ...]], bool]:
    """Return whether all cells that are filled pass `test`."""
    return lambda cells: all(test(cell) for cell in cells if cell)


def is_date(cell: str) -> bool:
    """Say whether a cell is a time with its date; a bare number could be anything."""
    return bool(re.search(r"[0-9][-/.][0-9]", cell)) and (
        as_time(cell) is not None or DateOrder().time_of(cell) is not None
    )


def names_one(names: Sequence[str]) -> Callable[[str], bool]:
    """Return whether a cell is one of `names`, in any letter case."""
    folded = {name.lower() for name in names}
    return lambda cell: cell.lower() in folded


def is_change(cells: tuple[str, ...]) -> bool:
    """Say whether a column holds a GUID of its own for each row."""
    return len(cells) > 1 and len(set(cells)) == len(cells) and every(GUID.fullmatch)(cells)


def tells_faults(cells: tuple[str, ...], status: tuple[str, ...]) -> bool:
    """Say whether a column has sentences, and only in rows that did not succeed."""
    said = [cell for cell in cells if cell]
    return (
        bool(said)
        and all(" " in cell for cell in said)
        and not any(
            cell and of.lower() == "success" for cell, of in zip(cells, status, strict=True)
        )
    )


TESTS: dict[str, Callable[[tuple[str, ...]], bool]] = {
    "activityDateTime": every(is_date),
    "provisioningStatus": every(names_one(RESULTS)),
    "provisioningAction": every(names_one(ACTIONS)),
    "jobId": every(JOB_ID.fullmatch),
    "changeId": is_change,
    "errorCode": filled(lambda cell: cell.startswith(SCIM_ERROR) or find_error_code(cell)),
    "provisioningSteps": filled(lambda cell: cell.startswith("[") and '"provisioningStep' in cell),
    "modifiedProperties": filled(lambda cell: cell.startswith("[") and '"newValue"' in cell),
    "sourceIdentityName": every(lambda cell: "@" in cell and " " not in cell),
}
"""What all cells of a column are like, by Graph's name for it."""
