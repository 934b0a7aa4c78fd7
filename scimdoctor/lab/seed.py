"""The lab's invented organisation: people, groups, and what happens to them in six days.

Everything follows from a seed, so that two runs show the same. All names are invented; domains
are reserved ones (RFC 2606).
"""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TENANT_ID = "7d1f2c64-90ab-4e2f-8c55-3f1a2b4c5d6e"
DOMAIN = "contoso.example"
_NAMESPACE = uuid.UUID("5b0e1f3a-6c1d-4a52-9d5e-8f1d7a3c2b10")

_GIVEN = [
    "Ada",
    "Amir",
    "Anouk",
    "Bao",
    "Beatriz",
    "Björn",
    "Camille",
    "Chidi",
    "Dalia",
    "Dmitri",
    "Élodie",
    "Emeka",
    "Fatima",
    "Felix",
    "Goran",
    "Hana",
    "Hiro",
    "Ines",
    "Isak",
    "Jola",
    "Jun",
    "Kaia",
    "Kofi",
    "Lars",
    "Leila",
    "Linh",
    "Luca",
    "Maëlle",
    "Mateo",
    "Mei",
    "Nadia",
    "Noor",
    "Olu",
    "Oskar",
    "Paola",
    "Priya",
    "Quinn",
    "Rafael",
    "Rosa",
    "Sakura",
    "Samir",
    "Sanne",
    "Søren",
    "Tariq",
    "Uma",
    "Vera",
    "Wanjiru",
    "Xavi",
    "Yara",
    "Zoë",
]
_SURNAMES = [
    "Abara",
    "Andersen",
    "Bakker",
    "Banerjee",
    "Chen",
    "Costa",
    "Diallo",
    "Dubois",
    "Eriksen",
    "Farah",
    "Ferrari",
    "Gül",
    "Haddad",
    "Hansen",
    "Ito",
    "Ivanova",
    "Jansen",
    "Kamau",
    "Khan",
    "Kowalski",
    "Larsen",
    "Lindqvist",
    "Mbeki",
    "Moreau",
    "Müller",
    "Nakamura",
    "Ng",
    "Nowak",
    "Okafor",
    "Olsen",
    "Park",
    "Patel",
    "Petrov",
    "Quispe",
    "Reyes",
    "Rossi",
    "Sato",
    "Schmidt",
    "Silva",
    "Suzuki",
    "Tanaka",
    "Torres",
    "Usman",
    "Vargas",
    "Virtanen",
    "Wójcik",
    "Yamada",
    "Yılmaz",
    "Zhang",
    "Živković",
]
_DEPARTMENTS = ("Finance", "Legal", "Operations", "People", "Research", "Sales")
_CITIES = (("Utrecht", "NL"), ("Oslo", "NO"), ("Lisboa", "PT"), ("Nairobi", "KE"), ("Kyōto", "JP"))


def stable_id(name: str) -> str:
    """The id that belongs to `name` in every run."""
    return str(uuid.uuid5(_NAMESPACE, name))


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of the lab's directory; `properties` are Graph's."""

    properties: dict[str, Any]
    manager: str | None = None
    assigned: bool = True

    @property
    def id(self) -> str:
        """The object id."""
        return str(self.properties["id"])

    def changed(self, **properties: object) -> Person:
        """The same person with other properties."""
        return replace(self, properties={**self.properties, **properties})


@dataclass(frozen=True, kw_only=True)
class Team:
    """A group of the lab's directory."""

    id: str
    name: str
    members: frozenset[str]


@dataclass(kw_only=True)
class Organisation:
    """People and teams, by object id."""

    people: dict[str, Person] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)

    def change(self, person: Person) -> str:
        """Put `person` in the place of the one with its id; return the id."""
        self.people[person.id] = person
        return person.id


@dataclass(frozen=True, kw_only=True)
class Happening:
    """Something that changes the directory before a cycle; returns the ids that it touched."""

    cycle: int
    what: str
    apply: Callable[[Organisation], set[str]]


def organisation(size: int = 60, *, seed: int = 7) -> Organisation:
    """Make `size` people and their teams."""
    chance = random.Random(seed)  # noqa: S311 - repeatable test data, no cryptography
    given, surnames = list(_GIVEN), list(_SURNAMES)
    chance.shuffle(given)
    chance.shuffle(surnames)
    people = [_person(n, given[n % 50], surnames[(n * 7 + n // 50) % 50]) for n in range(size)]
    org = Organisation(people={p.id: p for p in people})
    for number, person in enumerate(people[6:], start=6):
        org.change(replace(person, manager=people[number % 6].id))
    for name in _DEPARTMENTS:
        ids = (p.id for p in people if p.properties["department"] == name)
        org.teams[stable_id(name)] = Team(id=stable_id(name), name=name, members=frozenset(ids))
    return org


def _person(number: int, given: str, surname: str) -> Person:
    plain = _ascii(f"{given}.{surname}").casefold()
    city, country = _CITIES[number % len(_CITIES)]
    return Person(
        properties={
            "id": stable_id(f"person-{number}"),
            "userPrincipalName": f"{plain}@{DOMAIN}",
            "displayName": f"{given} {surname}",
            "givenName": given,
            "surname": surname,
            "mail": f"{plain}@{DOMAIN}",
            "mailNickname": plain,
            "accountEnabled": True,
            "jobTitle": ("Analyst", "Counsel", "Engineer", "Planner")[number % 4],
            "department": _DEPARTMENTS[number % len(_DEPARTMENTS)],
            "employeeId": str(1000 + number),
            "city": city,
            "country": country,
            "mobilePhone": f"+31 6 0000{number:04d}",
            "businessPhones": [f"+31 30 000{number:04d}"],
            "preferredLanguage": "en-US",
        }
    )


def _ascii(text: str) -> str:
    import unicodedata

    table = str.maketrans({"ø": "o", "Ø": "O", "ı": "i", "ł": "l", "đ": "d"})
    decomposed = unicodedata.normalize("NFD", text.translate(table))
    return "".join(c for c in decomposed if c.isascii())


def without_mail(org: Organisation, numbers: range) -> None:
    """Take the mail address from some people: cloud-only accounts often have none."""
    for person in [list(org.people.values())[n] for n in numbers]:
        org.change(person.changed(mail=None))


def story() -> tuple[Happening, ...]:
    """What happens, cycle by cycle; cycle 0 is the initial one."""
    return (
        Happening(cycle=2, what="people get their first mail address", apply=_first_mail),
        Happening(cycle=3, what="people move to another department", apply=_departments),
        Happening(cycle=4, what="people leave", apply=_leavers),
        Happening(cycle=5, what="people leave a team", apply=_team_leavers),
        Happening(cycle=6, what="people marry and change their name", apply=_surnames),
        Happening(cycle=7, what="a visitor signs up but is not assigned", apply=_visitors),
        Happening(cycle=8, what="somebody joins whose name has an apostrophe", apply=_apostrophe),
        Happening(cycle=9, what="a person without surname joins", apply=_no_surname),
        Happening(cycle=10, what="a contractor, out of scope, joins a team", apply=_contractor),
    )


def _pick(org: Organisation, start: int, count: int) -> list[Person]:
    return list(org.people.values())[start : start + count]


def _first_mail(org: Organisation) -> set[str]:
    chosen = [p for p in org.people.values() if p.properties["mail"] is None]
    return {org.change(p.changed(mail=p.properties["userPrincipalName"])) for p in chosen}


def _departments(org: Organisation) -> set[str]:
    return {org.change(p.changed(department="Strategy")) for p in _pick(org, 12, 4)}


def _leavers(org: Organisation) -> set[str]:
    return {org.change(p.changed(accountEnabled=False)) for p in _pick(org, 20, 5)}


def _team_leavers(org: Organisation) -> set[str]:
    team = org.teams[stable_id("Sales")]
    gone = set(sorted(team.members)[:2])
    org.teams[team.id] = replace(team, members=team.members - gone)
    return {team.id}


def _surnames(org: Organisation) -> set[str]:
    return {
        org.change(p.changed(surname="Solberg", displayName=f"{p.properties['givenName']} Solberg"))
        for p in _pick(org, 30, 3)
    }


def _join(
    org: Organisation, key: str, properties: Mapping[str, object], *, assigned: bool = True
) -> str:
    person = _person(500 + len(org.people), "Robin", "Newcomer").changed(
        **{"id": stable_id(key), **properties}
    )
    return org.change(replace(person, assigned=assigned))


def _visitors(org: Organisation) -> set[str]:
    name = f"visitor@{DOMAIN}"
    properties = {"userPrincipalName": name, "mail": name, "displayName": "Visiting Auditor"}
    return {_join(org, "visitor", properties, assigned=False)}


def _apostrophe(org: Organisation) -> set[str]:
    name = f"pat.o'neill@{DOMAIN}"
    properties = {"userPrincipalName": name, "mail": name, "displayName": "Pat O'Neill"}
    return {_join(org, "apostrophe", properties)}


def _no_surname(org: Organisation) -> set[str]:
    name = f"madhu@{DOMAIN}"
    properties = {"userPrincipalName": name, "mail": name, "displayName": "Madhu", "surname": None}
    return {_join(org, "no-surname", properties)}


def _contractor(org: Organisation) -> set[str]:
    name = f"contractor@{DOMAIN}"
    properties = {
        "userPrincipalName": name,
        "mail": name,
        "displayName": "Hired Consultant",
        "employeeId": None,
    }
    who = _join(org, "contractor", properties, assigned=False)
    team = org.teams[stable_id("Research")]
    org.teams[team.id] = replace(team, members=team.members | {who})
    return {who, team.id}
