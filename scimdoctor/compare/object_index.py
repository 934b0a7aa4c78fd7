"""The users and groups of one run, on disk: a hundred thousand must not fill the memory.

The file is readable by its owner alone and goes with the run that ends. A run that is cut short
leaves what it had at its last checkpoint, whole, to go on from.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scimdoctor.compare.attributes import Expected
from scimdoctor.errors import SourceError
from scimdoctor.model.comparison import AttributeComparison, AttributeVerdict, Comparison
from scimdoctor.sources.temporary import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES = """
create table if not exists objects (
    kind text, key text, source_id text, label text, active integer, why text, expected text,
    target_id text, compared integer, primary key (kind, key)
) without rowid;
create index if not exists objects_by_source on objects (source_id);
create index if not exists objects_by_target on objects (target_id);
create table if not exists strays (
    kind text, target_id text, key text, label text, active integer
);
create index if not exists strays_by_target on strays (target_id);
create table if not exists members (
    group_id text, member_id text, primary key (group_id, member_id)
) without rowid;
create table if not exists managers (
    source_id text primary key, manager_id text
) without rowid;
create table if not exists held_managers (
    source_id text primary key, held text, listed integer
) without rowid;
create index if not exists members_by_member on members (member_id);
create table if not exists roles (
    principal_id text, role_id text, primary key (principal_id, role_id)
) without rowid;
create table if not exists role_holders (
    source_id text primary key, inputs text, held text, listed integer
) without rowid;
create table if not exists met (source_id text primary key) without rowid;
create table if not exists found (comparison text);
create table if not exists progress (name text primary key, value text) without rowid;
"""
_EMPTY = """
delete from objects; delete from strays; delete from members; delete from managers;
delete from held_managers; delete from roles; delete from role_holders; delete from met; delete from found; delete from progress;
"""
KEPT_FOR = timedelta(days=7)
"""A comparison that is older would mix two states of a company."""

_HIDDEN = 2
"""In `compared`: it was, without its members."""

_FORM = "4"
"""Of the tables; a file of another form is not gone on with."""


class Kind(StrEnum):
    """What is compared."""

    USER = "User"
    GROUP = "Group"

    @property
    def resource(self) -> str:
        """`Users` or `Groups`."""
        return f"{self.value}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedObject:
    """One user or group that Entra provisions, with the values that the app should hold."""

    kind: Kind = Kind.USER
    key: str
    """The matching attribute's value."""

    source_id: str
    label: str
    should_be_active: bool | None
    """Of a group: whether it should be in the app at all."""

    why: str = ""
    expected: tuple[Expected, ...] = ()
    target_id: str | None = None
    """The app's id, once the object was seen there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """An object of the app that none of Entra's matches."""

    kind: Kind = Kind.USER
    target_id: str
    key: str
    label: str
    active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One direct member of a group in Entra, as far as the app has it."""

    kind: Kind
    label: str
    should_be_active: bool | None
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """A person whom the app has, and the manager at both ends."""

    source_id: str
    label: str
    target_id: str
    manager_id: str | None
    """In Entra."""

    manager_label: str | None
    manager_target_id: str | None
    """The app's id of that manager; `None` if it was not seen there."""

    held: Any
    """What the app shows as the manager."""

    listed: bool
    """Whether something else of this person differs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleHolder:
    """A person whom the app has, with the roles in Entra and what the app shows of them."""

    source_id: str
    label: str
    target_id: str
    role_ids: tuple[str, ...]
    """Of the own assignment and of those of the groups that the person is directly in."""

    inputs: dict[str, Any]
    """Other source values that the expressions of roles read."""

    held: dict[str, Any]
    listed: bool
    """Whether something else of this person differs."""


class ObjectIndex:
    """Entra's objects by matching value (letter case does not count), and the app's strays."""

    def __init__(self, path: Path | None = None, *, about: str = "", resume: bool = False) -> None:
        """Open the index at `path`; without one, in a temporary folder.

        `about` says what is compared: a file about something else is not resumed.

        Raises:
            SourceError: the file cannot be written, or another run has it open.
        """
        self._folder = None if path else TemporaryFolder()
        self._path = path or (self._folder.path if self._folder else Path()) / "objects"
        about = f"{_FORM} {about}"
        try:
            self._database = _open(self._path, afresh=not resume)
            if self.get("about") not in {None, about}:
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
            self._folder.close()
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
        """Note an object; `False` if it was met before."""
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

    def add(self, item: IndexedObject) -> bool:
        """Take an object in; `False` if another one of its kind has the same matching value."""
        expected = json.dumps([_plain(e) for e in item.expected], default=str)
        row = (
            item.kind,
            item.key.casefold(),
            item.source_id,
            item.label,
            _number(item.should_be_active),
            item.why,
            expected,
        )
        found = self._database.execute(
            "insert or ignore into objects values (?, ?, ?, ?, ?, ?, ?, null, 0)", row
        )
        return found.rowcount == 1

    def find(self, kind: Kind, key: str) -> IndexedObject | None:
        """The object with this matching value."""
        row = self._database.execute(
            "select * from objects where kind = ? and key = ?", (kind, key.casefold())
        ).fetchone()
        return _object(row) if row else None

    def mark_seen(self, kind: Kind, key: str, target_id: str) -> None:
        """Note that the app has the object, under this id."""
        self._database.execute(
            "update objects set target_id = ? where kind = ? and key = ?",
            (target_id, kind, key.casefold()),
        )

    def unseen(self, kind: Kind) -> Iterator[IndexedObject]:
        """The objects that the app's list did not have."""
        rows = self._database.execute(
            "select * from objects where kind = ? and target_id is null order by key",
            (kind,),
        )
        return map(_object, rows)

    def next_group(self, *, after: str = "") -> IndexedObject | None:
        """The first group beyond the key `after` that the app has and that is not compared yet."""
        row = self._database.execute(
            "select * from objects where kind = ? and key > ? and target_id is not null"
            " and not compared order by key limit 1",
            (Kind.GROUP, after),
        ).fetchone()
        return _object(row) if row else None

    def mark_compared(self, group: IndexedObject, *, hidden: bool = False) -> None:
        """Note that a group was compared, and whether the app did not show its members."""
        self._database.execute(
            "update objects set compared = ? where kind = ? and key = ?",
            (_HIDDEN if hidden else 1, group.kind, group.key),
        )

    def hidden_groups(self) -> Iterator[IndexedObject]:
        """The groups whose members the app did not show."""
        rows = self._database.execute(
            "select * from objects where kind = ? and compared = ? order by key",
            (Kind.GROUP, _HIDDEN),
        )
        return map(_object, rows)

    def add_member(self, group_id: str, member_id: str) -> None:
        """Note a direct member of a group, by Entra's ids."""
        row = (group_id, member_id)
        self._database.execute("insert or ignore into members values (?, ?)", row)

    def count_members(self, group_id: str) -> int:
        """How many direct members the group has in Entra."""
        row = self._database.execute(
            "select count(*) from members where group_id = ?", (group_id,)
        ).fetchone()
        return int(row[0])

    def members(self, group_id: str) -> Iterator[Membership]:
        """The direct members of a group in Entra that the app has."""
        rows = self._database.execute(
            "select o.kind, o.label, o.active, o.target_id from members m"
            " join objects o on o.source_id = m.member_id"
            " where m.group_id = ? and o.target_id is not null order by o.label",
            (group_id,),
        )
        for kind, label, active, target_id in rows:
            yield Membership(
                kind=Kind(kind), label=label, should_be_active=_truth(active), target_id=target_id
            )

    def name_of(self, target_id: str) -> str | None:
        """What people call the app's object of this id, if the run has seen it."""
        row = self._database.execute(
            "select label from objects where target_id = ?"
            " union all select label from strays where target_id = ?",
            (target_id, target_id),
        ).fetchone()
        return str(row[0]) if row else None

    def count_people(self) -> int:
        """How many users Entra provisions, as far as they are in the index."""
        row = self._database.execute(
            "select count(*) from objects where kind = ?", (Kind.USER,)
        ).fetchone()
        return int(row[0])

    def people_without_manager(self, most: int) -> list[str]:
        """The ids of up to so many users of whom it is not known yet who their manager is."""
        rows = self._database.execute(
            "select source_id from objects o where kind = ? and not exists"
            " (select 1 from managers m where m.source_id = o.source_id) limit ?",
            (Kind.USER, most),
        )
        return [str(source_id) for (source_id,) in rows]

    def note_manager(self, source_id: str, manager_id: str | None) -> None:
        """Note a user's manager in Entra, by the two ids; users who are not in the index are not."""
        self._database.execute(
            "insert or ignore into managers select ?, ? where exists"
            " (select 1 from objects where source_id = ? and kind = ?)",
            (source_id, manager_id, source_id, Kind.USER),
        )

    def hold_manager(self, source_id: str, held: Any, *, listed: bool) -> None:  # noqa: ANN401
        """Note what the app shows as a user's manager, and whether the user is listed anyway."""
        row = (source_id, json.dumps(held, default=str), int(listed))
        self._database.execute("insert or replace into held_managers values (?, ?, ?)", row)

    def reportings(self) -> Iterator[Reporting]:
        """The users at both ends whose manager in Entra is known, in the order of their names."""
        rows = self._database.execute(
            "select o.source_id, o.label, o.target_id, m.manager_id, b.label, b.target_id,"
            " h.held, h.listed from objects o join managers m on m.source_id = o.source_id"
            " join held_managers h on h.source_id = o.source_id"
            " left join objects b on b.source_id = m.manager_id and b.kind = o.kind"
            " where o.kind = ? and o.target_id is not null and o.active is not 0 order by o.key",
            (Kind.USER,),
        )
        for source_id, label, target_id, manager_id, boss, boss_target, held, listed in rows:
            yield Reporting(
                source_id=source_id,
                label=label,
                target_id=target_id,
                manager_id=manager_id,
                manager_label=boss,
                manager_target_id=boss_target,
                held=json.loads(held),
                listed=bool(listed),
            )

    def add_role(self, principal_id: str, role_id: str) -> None:
        """Note that a person or a group is assigned with a role."""
        row = (principal_id, role_id)
        self._database.execute("insert or ignore into roles values (?, ?)", row)

    def note_role_inputs(self, source_id: str, inputs: dict[str, object]) -> None:
        """Note the source values that a person's roles are worked out with."""
        row = (source_id, json.dumps(inputs, default=str))
        self._database.execute("insert or ignore into role_holders values (?, ?, null, 0)", row)

    def hold_roles(self, source_id: str, held: dict[str, Any], *, listed: bool) -> None:
        """Note what the app shows of a person's roles, and whether the person is listed anyway."""
        self._database.execute(
            "update role_holders set held = ?, listed = ? where source_id = ?",
            (json.dumps(held, default=str), int(listed), source_id),
        )

    def role_holders(self) -> Iterator[RoleHolder]:
        """The people at both ends with their roles, in the order of their names."""
        rows = self._database.execute(
            "select o.source_id, o.label, o.target_id, h.inputs, h.held, h.listed,"
            " (select group_concat(role_id) from (select role_id from roles"
            " where principal_id = o.source_id union select r.role_id from members m"
            " join roles r on r.principal_id = m.group_id where m.member_id = o.source_id))"
            " from objects o join role_holders h on h.source_id = o.source_id"
            " where o.kind = ? and o.target_id is not null and h.held is not null"
            " and o.active is not 0 order by o.key",
            (Kind.USER,),
        )
        for source_id, label, target_id, inputs, held, listed, roles in rows:
            yield RoleHolder(
                source_id=source_id,
                label=label,
                target_id=target_id,
                role_ids=tuple(roles.split(",")) if roles else (),
                inputs=json.loads(inputs),
                held=json.loads(held),
                listed=bool(listed),
            )

    def add_stray(self, stray: Stray) -> None:
        """Note an object of the app that nothing matches."""
        row = (stray.kind, stray.target_id, stray.key, stray.label, _number(stray.active))
        self._database.execute("insert into strays values (?, ?, ?, ?, ?)", row)

    def strays(self, kind: Kind) -> Iterator[Stray]:
        """The app's objects that nothing matches, active ones first."""
        rows = self._database.execute(
            "select target_id, key, label, active from strays where kind = ?"
            " order by active is not 1, key",
            (kind,),
        )
        for target_id, key, label, active in rows:
            yield Stray(kind=kind, target_id=target_id, key=key, label=label, active=_truth(active))


def forget_old(folder: Path, *, now: datetime) -> None:
    """Remove what runs left that were cut short and not gone on with: it holds people's data."""
    for path in folder.glob("*.sqlite"):
        try:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if now - written > KEPT_FOR:
                path.unlink()
        except OSError:
            # Another run removed it, or has it open; it is looked at again next time.
            continue


def _open(path: Path, *, afresh: bool) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=0.5)
    # A killed run loses what came after its last checkpoint, never more.
    database.executescript("pragma locking_mode=exclusive;pragma synchronous=normal;")
    if afresh or not _is_of_this_form(database):
        _drop_all(database)
    database.executescript(_TABLES)
    return database


def _is_of_this_form(database: sqlite3.Connection) -> bool:
    """Whether the file is new, or one that this version of the program wrote."""
    if not database.execute("select 1 from sqlite_master where name = 'progress'").fetchone():
        return not database.execute("select 1 from sqlite_master").fetchone()
    row = database.execute("select value from progress where name = 'about'").fetchone()
    return row is not None and str(row[0]).startswith(f"{_FORM} ")


def _drop_all(database: sqlite3.Connection) -> None:
    names = database.execute("select name from sqlite_master where type = 'table'").fetchall()
    database.executescript("".join(f'drop table "{name}";' for (name,) in names))


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


def _object(
    row: tuple[str, str, str, str, int | None, str, str, str | None, int],
) -> IndexedObject:
    kind, key, source_id, label, active, why, expected, target_id, _ = row
    return IndexedObject(
        kind=Kind(kind),
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
