"""The people of one run, on disk: a hundred thousand of them must not fill the memory.

The file lies in the system's folder for temporary files, readable by its owner alone, and goes
with the run.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scimdoctor.compare.attributes import Expected

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES = """
create table people (
    key text primary key, source_id text, label text, active integer, why text, expected text,
    target_id text
) without rowid;
create table strays (target_id text, key text, label text, active integer);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedPerson:
    """One person whom Entra provisions, with the values that the app should hold."""

    key: str
    """The matching attribute's value."""

    source_id: str
    label: str
    should_be_active: bool | None
    why: str = ""
    expected: tuple[Expected, ...] = ()
    target_id: str | None = None
    """The app's id, once the person was seen there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """An object of the app that no assigned person matches."""

    target_id: str
    key: str
    label: str
    active: bool | None


class PeopleIndex:
    """People by matching value (letter case does not count), and the app's strays."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="scimdoctor-")
        self._database = sqlite3.connect(Path(self._folder.name) / "people")
        self._database.executescript("pragma journal_mode=off;pragma synchronous=off;" + _TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self._folder.cleanup()

    def add(self, person: IndexedPerson) -> bool:
        """Take a person in; `False` if another one has the same matching value."""
        expected = json.dumps([_plain(item) for item in person.expected], default=str)
        row = (
            person.key.casefold(),
            person.source_id,
            person.label,
            _number(person.should_be_active),
            person.why,
            expected,
        )
        found = self._database.execute(
            "insert or ignore into people values (?, ?, ?, ?, ?, ?, null)", row
        )
        return found.rowcount == 1

    def find(self, key: str) -> IndexedPerson | None:
        """The person with this matching value."""
        row = self._database.execute(
            "select * from people where key = ?", (key.casefold(),)
        ).fetchone()
        return _person(row) if row else None

    def mark_seen(self, key: str, target_id: str) -> None:
        """Note that the app has the person, under this id."""
        self._database.execute(
            "update people set target_id = ? where key = ?", (target_id, key.casefold())
        )

    def unseen(self) -> Iterator[IndexedPerson]:
        """The people whom the app's list did not have."""
        rows = self._database.execute("select * from people where target_id is null order by key")
        return map(_person, rows)

    def add_stray(self, stray: Stray) -> None:
        """Note an object of the app that nobody matches."""
        row = (stray.target_id, stray.key, stray.label, _number(stray.active))
        self._database.execute("insert into strays values (?, ?, ?, ?)", row)

    def strays(self) -> Iterator[Stray]:
        """The app's objects that nobody matches, active ones first."""
        rows = self._database.execute("select * from strays order by active is not 1, key")
        for target_id, key, label, active in rows:
            yield Stray(target_id=target_id, key=key, label=label, active=_truth(active))


def _plain(item: Expected) -> dict[str, object]:
    """What a later comparison needs: `dataclasses.asdict` would copy every value deeply."""
    return {
        "path": item.path,
        "value": item.value,
        "source": item.source,
        "note": item.note,
        "case_exact": item.case_exact,
    }


def _person(row: tuple[str, str, str, int | None, str, str, str | None]) -> IndexedPerson:
    key, source_id, label, active, why, expected, target_id = row
    return IndexedPerson(
        key=key,
        source_id=source_id,
        label=label,
        should_be_active=_truth(active),
        why=why,
        expected=tuple(Expected(**item) for item in json.loads(expected)),
        target_id=target_id,
    )


def _number(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
