"""A company and both its ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.compare.one import BothEnds
from scimdoctor.graph.directory import find_app
from tests.fakes.company import Company
from tests.fakes.events import custom_app_schema
from tests.fakes.scim_app import open_app

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def ends(company: Company) -> Iterator[BothEnds]:
    with company.microsoft.connect() as graph, open_app(company.app) as endpoint:
        principal = find_app(graph, company.principal.id)
        yield BothEnds(graph=graph, app=principal, schema=custom_app_schema(), endpoint=endpoint)
