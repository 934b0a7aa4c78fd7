"""Several writes to one object before it is read: each is judged by what it left standing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.causes.readback import contradictions
from tests.causes.build import exchange, group, listed, op, patch, scim, seen, user
from tests.causes.test_families import DISABLE, WORK

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange

ME, TEAM = "/Users/u1", "/Groups/g1"
MOBILE = 'phoneNumbers[type eq "mobile"].value'


def in_order(*exchanges: Exchange) -> tuple[Exchange, ...]:
    return tuple(replace(e, id=f"h{n}") for n, e in enumerate(exchanges))


def reads(**fields: Any) -> Exchange:
    return exchange("GET", ME, 200, user(**fields))


def writes(path: str, value: object, *, on: str = ME, verb: str = "Replace") -> Exchange:
    return exchange("PATCH", on, 204, "", sent=patch(op(verb, path, value)))


def members(verb: str, *ids: str) -> Exchange:
    return writes("members", [{"value": i} for i in ids], on=TEAM, verb=verb)


def team(*ids: str) -> Exchange:
    return exchange("GET", TEAM, 200, group(members=[{"value": i} for i in ids]))


def put(**fields: Any) -> Exchange:
    return exchange("PUT", ME, 200, user(**fields), sent=user(**fields))


HEALTHY: dict[str, tuple[Exchange, ...]] = {
    "two attributes": (
        reads(title="A", displayName="Ada"),
        writes("title", "B"),
        writes("displayName", "Eve"),
        reads(title="B", displayName="Eve"),
    ),
    "one attribute twice": (
        reads(title="A"),
        writes("title", "B"),
        writes("title", "C"),
        reads(title="C"),
    ),
    "without a path": (
        exchange(
            "PATCH", ME, 204, "", sent=patch(op("Replace", None, {"title": "B", "nickName": "N"}))
        ),
        writes("title", "C"),
        reads(title="C", nickName="N"),
    ),
    "disabled and enabled": (
        writes("active", "False"),
        writes("active", "True"),
        reads(active=True),
    ),
    "replaced as a whole": (
        reads(title="A"),
        writes("title", "B"),
        put(title="Z"),
        reads(title="Z"),
    ),
    "added and removed": (team("m0"), members("Add", "m1"), members("Remove", "m1"), team("m0")),
    "removed, then another": (
        team("m0", "m1", "m2"),
        members("Remove", "m1"),
        members("Remove", "m2"),
        team("m0"),
    ),
    "members set anew": (team("m0"), members("Add", "m1"), members("Replace", "m2"), team("m2")),
}

BROKEN: dict[str, tuple[str, tuple[Exchange, ...]]] = {
    "two attributes": (
        "values-lost",
        (reads(title="A", displayName="Ada", nickName="N"), writes("title", "B"), writes("displayName", "Eve"), reads(title="B", displayName="Eve")),
    ),
    "one attribute twice": ("not-applied", (reads(title="A"), writes("title", "B"), writes("title", "C"), reads(title="B"))),
    "without a path": (
        "not-applied",
        (exchange("PATCH", ME, 204, "", sent=patch(op("Replace", None, {"title": "B", "nickName": "N"}))), writes("title", "C"), reads(title="C")),
    ),
    "enabled and disabled": ("not-applied", (writes("active", "True"), writes("active", "False"), reads(active=True))),
    "patched after the whole": ("not-applied", (reads(title="A"), put(title="Z"), writes("title", "B"), reads(title="Z"))),
    "removed and still there": ("member-stayed", (team("m0", "m1"), members("Add", "m2"), members("Remove", "m1"), team("m0", "m1", "m2"))),
    "added and not there": ("member-not-added", (team("m0"), members("Remove", "m9"), members("Add", "m1"), team("m0"))),
    "a list answer shows what was there": (
        "values-lost",
        (exchange("GET", '/Users?filter=userName eq "x"', 200, listed(user(emails=[{"value": "a@x.y"}]))), writes("title", "B"), reads(title="B", emails=[])),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_what_a_later_write_sets_anew_is_no_fault(name: str) -> None:
    exchanges = in_order(*HEALTHY[name])
    assert contradictions(exchanges) == ()
    assert diagnose_case(seen(*exchanges)).cause == "unknown-cause"


@pytest.mark.parametrize("name", BROKEN)
def test_what_no_later_write_explains_is_a_fault(name: str) -> None:
    kind, exchanges = BROKEN[name]
    assert kind in [str(c.kind) for c in contradictions(in_order(*exchanges))]


def test_another_object_in_a_list_tells_nothing() -> None:
    other = user(id="u2", emails=[{"value": "a@x.y"}])
    look = exchange("GET", '/Users?filter=userName eq "x"', 200, listed(other))
    assert contradictions(in_order(look, writes("title", "B"), reads(title="B", emails=[]))) == ()


def test_a_path_with_a_filter_without_effect_beside_a_plain_path() -> None:
    sent = patch(op("Add", MOBILE, "+49 1"), op("Replace", "title", "B"))
    write = exchange("PATCH", ME, 204, "", sent=sent)
    found = diagnose_case(seen(*in_order(write, reads(title="B"))))
    assert (found.cause, found.confidence) == ("value-path-unsupported", "likely")
    neither = diagnose_case(seen(*in_order(write, reads(title="A"))))
    assert neither.cause == "patch-accepted-not-applied"
    alone = diagnose_case(seen(*in_order(writes(WORK, "c@x.y"), reads())))
    assert alone.confidence == "possible"
    assert {alone.cause, *(a.cause for a in alone.alternatives)} >= {
        "value-path-unsupported",
        "patch-accepted-not-applied",
    }


def test_a_refused_write_sets_nothing_anew() -> None:
    refused = exchange("PATCH", ME, 400, scim("no"), sent=patch(op("Replace", "active", "True")))
    off = exchange("PATCH", ME, 204, "", sent=DISABLE)
    kinds = [str(c.kind) for c in contradictions(in_order(off, refused, reads(active=True)))]
    assert kinds == ["not-applied"]
