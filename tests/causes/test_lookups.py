"""Queries that found nothing, held against what other exchanges show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.causes.lookups import deleted_before, lookup_contradictions
from tests.causes.build import exchange, group, listed, op, patch, user

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange

FIND = '/Users?filter=userName eq "ada@example.com"'
DISABLE = patch(op("Replace", "active", "False"))


def kinds(*exchanges: Exchange) -> list[str]:
    return [str(c.kind) for c in lookup_contradictions(exchanges)]


def get(path: str, answer: Any) -> Exchange:
    return exchange("GET", path, 200, answer)


NOTHING = get(FIND, listed())
CREATED = exchange("POST", "/Users", 201, user(), sent=user())
DISABLED = exchange("PATCH", "/Users/u1", 204, sent=DISABLE)


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        ((NOTHING, get("/Users/u1", user())), ["exists-but-not-found"]),
        ((get("/Users/u1", user()), NOTHING), ["exists-but-not-found"]),
        ((CREATED, NOTHING), ["exists-but-not-found"]),
        ((NOTHING, exchange("POST", "/Users", 409, sent=user())), ["exists-but-not-found"]),
        ((CREATED, DISABLED, NOTHING), ["disabled-gone"]),
        ((NOTHING, get("/Users/u1", user(userName="Ada@example.com"))), ["case-matters"]),
        ((get('/Users?filter=USERNAME Eq "ada@example.com"', listed()), get(FIND, listed(user()))), ["case-matters"]),
        ((get('/Users?filter=emails.value eq "a@b.c"', listed()), get("/Users/u1", user(emails=[{"value": "a@b.c"}]))), ["exists-but-not-found"]),
        # What was created, renamed, deleted in between, or is another kind of thing, proves nothing.
        ((NOTHING, CREATED, get("/Users/u1", user())), []),
        ((CREATED, exchange("DELETE", "/Users/u1", 204), NOTHING), []),
        ((CREATED, exchange("PATCH", "/Users/u1", 204, sent=patch(op("Replace", "userName", "b@example.com"))), NOTHING), []),
        ((NOTHING, get("/Groups/g1", group(userName="ada@example.com"))), []),
        ((NOTHING, get("/Users/u1", user(userName="bob@example.com"))), []),
        ((NOTHING, exchange("POST", "/Groups", 409, sent=group())), []),
        ((get('/Users?filter=userName eq "a" and active eq true', listed()), get("/Users/u1", user(userName="a"))), []),
    ],
)  # fmt: skip
def test_a_query_without_result_is_held_against_what_is_known(
    exchanges: tuple[Exchange, ...], expected: list[str]
) -> None:
    assert kinds(*exchanges) == expected


def test_a_patch_that_cannot_be_applied_is_survived() -> None:
    odd = exchange("PATCH", "/Users/u1", 204, sent=patch(op("Explode", "userName", "x")))
    assert kinds(CREATED, odd, NOTHING) == []


def test_a_read_of_what_was_deleted_is_no_failure() -> None:
    gone = exchange("GET", "/Users/u1", 404, id_="h2")
    assert deleted_before(gone, (exchange("DELETE", "/Users/u1", 204), gone))
    assert not deleted_before(gone, (exchange("DELETE", "/Users/u1", 500), gone))
    assert not deleted_before(gone, (exchange("DELETE", "/Users/u2", 204), gone))
