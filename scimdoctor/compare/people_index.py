"""The people of one run, on disk: a hundred thousand of them must not fill the memory.

The file is readable by its owner alone and goes with the run that ends. A run that is cut short
leaves what it had at its last checkpoint, whole, to go on from.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scimdoctor.compare.attributes import Expected
from scimdoctor.errors import SourceError
from scimdoctor.model.comparison import AttributeComparison, AttributeVerdict, Comparison

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES = """
create table if not exists people (
    key text primary key, source_id text, label text, active integer, why text, expected text,
    target_id text
) without rowid;
create table if not exists strays (target_id text, key text, label text, active integer);
create table if not exists met (source_id text primary key) without rowid;
create table if not exists found (comparison text);
create table if not exists progress (name text primary key, value text) without rowid;
"""
_EMPTY = """
delete from people; delete from strays; delete from met; delete from found; delete from progress;
"""
_FORM = "1"
"""Of the tables; a file of another form is not gone on with."""


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

    def __init__(self, path: Path | None = None, *, about: str = "", resume: bool = False) -> None:
        """Open the index at `path`; without one, in a temporary folder.

        `about` says what is compared: a file about something else is not resumed.

        Raises:
            SourceError: the file cannot be written, or another run has it open.
        """
        self._folder = None if path else tempfile.TemporaryDirectory(prefix="scimdoctor-")
        self._path = path or Path(self._folder.name if self._folder else "") / "people"
        about = f"{_FORM} {about}"
        try:
            self._database = _open(self._path)
            if not resume or self.get("about") not in {None, about}:
                self._database.executescript(_EMPTY)
            self.resumed = self.get("about") == about
            self.put(about=about)
        except (OSError, sqlite3.Error) as error:
            raise SourceError(
                f"cannot keep the comparison in {self._path}: {error}",
                hint="see whether another comparison of this app is running",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close; the file goes, unless the run was cut short and can be gone on with."""
        self._database.close()
        if self._folder is not None:
            self._folder.cleanup()
        elif kind is None:
            self._path.unlink(missing_ok=True)

    def get(self, name: str) -> str | None:
        """A note of the run's progress."""
        row = self._database.execute(
            "select value from progress where name = ?", (name,)
        ).fetchone()
        return str(row[0]) if row else None

    def put(self, **notes: str) -> None:
        """Note the run's progress and make all that was done so far last."""
        self._database.executemany("insert or replace into progress values (?, ?)", notes.items())
        self._database.commit()

    def meet(self, source_id: str) -> bool:
        """Note a person; `False` if the person was met before."""
        found = self._database.execute("insert or ignore into met values (?)", (source_id,))
        return found.rowcount == 1

    def keep(self, found: Comparison) -> None:
        """Keep a finding with the run's progress."""
        text = json.dumps(asdict(found), default=str)
        self._database.execute("insert into found values (?)", (text,))

    def kept(self) -> Iterator[Comparison]:
        """The findings kept so far."""
        for (text,) in self._database.execute("select comparison from found order by rowid"):
            yield _comparison(json.loads(text))

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


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=0.5)
    # A killed run loses what came after its last checkpoint, never more.
    database.executescript("pragma locking_mode=exclusive;pragma synchronous=normal;" + _TABLES)
    return database


def _comparison(row: dict[str, Any]) -> Comparison:
    attributes = tuple(
        AttributeComparison(**{**item, "verdict": AttributeVerdict(item["verdict"])})
        for item in row["attributes"]
    )
    return Comparison(**{**row, "attributes": attributes, "notes": tuple(row["notes"])})


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
