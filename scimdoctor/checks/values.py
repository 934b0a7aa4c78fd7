"""Makes the values of test users and groups: repeatable with a seed, realistic, and nasty.

Names are invented; the domain is reserved for examples (RFC 2606) unless another is given.
"""

from __future__ import annotations

import random
import uuid
from typing import Any

from scimdoctor.scim import urns

MARKER = "scimdoctor"
"""Begins the name of everything that we create."""

WORK_EMAIL = 'emails[type eq "work"].value'
OTHER_EMAIL = 'emails[type eq "other"].value'
WORK_PHONE = 'phoneNumbers[type eq "work"].value'
MOBILE_PHONE = 'phoneNumbers[type eq "mobile"].value'
FAX_PHONE = 'phoneNumbers[type eq "fax"].value'
WORK_STREET = 'addresses[type eq "work"].streetAddress'
WORK_LOCALITY = 'addresses[type eq "work"].locality'
WORK_COUNTRY = 'addresses[type eq "work"].country'
EMPLOYEE_NUMBER = f"{urns.ENTERPRISE_USER}:employeeNumber"
DEPARTMENT = f"{urns.ENTERPRISE_USER}:department"
COST_CENTER = f"{urns.ENTERPRISE_USER}:costCenter"

NASTY_TEXT = "Zoë  O'Neil-Łuczak “Ünï” & Söhne #1 + 100% <b>\\ / ; , 東京 𠮷"
"""Two blanks, quotes, an ampersand, a number sign, a plus, a backslash, non-ASCII up to four bytes in UTF-8."""

LONG_TITLE = f"{'Deputy head of provisioning, ' * 5}"[:127] + "."
"""As long as a jobTitle may be in Entra."""

_GIVEN = ("Ada", "Grace", "Linus", "Margaret", "Edsger", "Barbara", "Donald", "Radia")
_FAMILY = ("Berg", "Okafor", "Silva", "Novak", "Lindqvist", "Haddad", "Moreau", "Tanaka")
_TITLES = ("Engineer", "Analyst", "Buyer", "Planner")
_DEPARTMENTS = ("Research", "Sales", "Finance", "Logistics")


class Values:
    """The values of one run."""

    def __init__(self, *, seed: int | None = None, domain: str = "example.com") -> None:
        self._random = random.Random(seed if seed is not None else uuid.uuid4().int)  # noqa: S311 - no secret
        self._counter = 0
        self.domain = domain
        self.run = f"{self._random.getrandbits(32):08x}"
        """Tells this run's objects from those of any other."""

    def guid(self) -> str:
        """A random GUID, as Entra puts into its probes."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def user_name(self, role: str) -> str:
        """A new userName for a test user called `role`."""
        self._counter += 1
        return f"{MARKER}-{self.run}-{role}{self._counter}@{self.domain}"

    def text(self, label: str) -> str:
        """A new, harmless, unique text."""
        self._counter += 1
        return f"{label} {self.run}-{self._counter}"

    def person(self, role: str) -> dict[str, Any]:
        """Every attribute of Entra's default mapping, by attribute path."""
        given, family = self._random.choice(_GIVEN), self._random.choice(_FAMILY)
        name = self.user_name(role)
        return {
            "userName": name,
            "externalId": f"{role}-{self.run}-{self._counter}",
            "active": True,
            "displayName": f"{given} {family} {self._counter}",
            "title": self._random.choice(_TITLES),
            "preferredLanguage": "en-US",
            "name.givenName": given,
            "name.familyName": family,
            "name.formatted": f"{given} {family}",
            WORK_EMAIL: name,
            WORK_PHONE: f"+1 (555) 010-0{self._counter % 1000:03d}",
            'addresses[type eq "work"].formatted': "12 Harbour Road, Building B",
            WORK_STREET: "12 Harbour Road",
            WORK_LOCALITY: "Springfield",
            'addresses[type eq "work"].region': "NH",
            'addresses[type eq "work"].postalCode': "03101",
            WORK_COUNTRY: "US",
            EMPLOYEE_NUMBER: self.employee_number(),
            DEPARTMENT: self._random.choice(_DEPARTMENTS),
        }

    def employee_number(self) -> str:
        """A number of digits, as most directories have it."""
        return f"{self._random.randrange(10_000, 99_999)}"

    def bare_person(self, role: str) -> dict[str, Any]:
        """The least that Entra sends of a user whose other attributes are empty."""
        return {"userName": self.user_name(role), "active": True}

    def group(self, role: str) -> dict[str, Any]:
        """A group, by attribute path."""
        self._counter += 1
        name = f"{MARKER} {self.run} {role} {self._counter}"
        return {"displayName": name, "externalId": self.guid()}
