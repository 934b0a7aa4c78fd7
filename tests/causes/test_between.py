"""Several writes to one object before it is read: each is judged by what it left standing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.causes.readback import contradictions
from tests.causes.build import exchange, group, listed, op, patch, scim, seen, user
from tests.causes.test_families import DISABLE, WORK

if TYPE_CHECKING:
    from scimdoctor.model.exchange import Exchange

ME, TEAM = "/Users/u1", "/Groups/g1"
DEPARTMENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department"
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


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        ("title", "attributes=userName", False),
        ("title", "attributes=userName,Title", True),
        ("title", "attributes=urn:ietf:params:scim:schemas:core:2.0:User:title", True),
        ("title", "excludedAttributes=title,emails", False),
        ("title", "excludedAttributes=groups", True),
        ("name.givenName", "attributes=name.familyName", False),
        ("name.givenName", "attributes=name", True),
        (WORK, "excludedAttributes=emails", False),
        (WORK, "attributes=emails", True),
        (DEPARTMENT, "excludedAttributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", False),
        (DEPARTMENT, "attributes=title", False),
    ],
)  # fmt: skip
def test_what_a_query_leaves_out_of_a_read_is_no_evidence(
    path: str, query: str, told: bool
) -> None:
    read = exchange("GET", f"{ME}?{query}", 200, user())
    exchanges = in_order(writes(path, "B"), read)
    assert bool(contradictions(exchanges)) is told
    assert (diagnose_case(seen(*exchanges)).cause != "unknown-cause") is told


@pytest.mark.parametrize(("query", "told"), [("excludedAttributes=members", False), ("", True)])
def test_members_that_a_read_leaves_out_are_not_missed(query: str, told: bool) -> None:
    bare = exchange("GET", f"{TEAM}?{query}", 200, group() if query else group(members=[]))
    added = in_order(team("m0", "m1"), members("Add", "m2"), bare)
    removed = in_order(team("m0", "m1"), members("Remove", "m1"), bare)
    assert [bool(contradictions(e)) for e in (added, removed)] == [told, told]
    assert (diagnose_case(seen(*added[1:])).cause != "unknown-cause") is told


def test_a_later_read_that_leaves_nothing_out_decides() -> None:
    part = exchange("GET", f"{ME}?attributes=userName", 200, user())
    exchanges = in_order(writes("title", "B"), part, reads(title="A"))
    assert [str(c.kind) for c in contradictions(exchanges)] == ["not-applied"]


def test_what_a_read_leaves_out_is_neither_lost_nor_unstored() -> None:
    part = exchange("GET", f"{ME}?attributes=title", 200, user(title="B"))
    assert contradictions(in_order(reads(nickName="N"), writes("title", "B"), part)) == ()
    made = exchange("POST", "/Users", 201, user(), sent=user(nickName="N"))
    assert contradictions(in_order(made, part)) == ()
    kinds = [str(c.kind) for c in contradictions(in_order(made, reads()))]
    assert kinds == ["not-stored"]


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


PHONE = 'phoneNumbers[type eq "work"].value'


def phone(value: str) -> Exchange:
    return reads(phoneNumbers=[{"type": "work", "value": value}], title="B")


@pytest.mark.parametrize(
    ("sent", "before", "after", "told"),
    [
        ("+31 6 1234", None, "+3161234", False),
        ("+31 6 1234", "+31 9", "+31 (6) 12-34", False),
        ("+31 6 1234", None, "+31612345", True),
        # Nothing has changed, so that it is the old value and no other form of the new one.
        ("+31 6 1234", "+3161234", "+3161234", True),
        ("-5", None, "5", True),
        ("+31 6 1234", None, "+", True),
    ],
)
def test_a_value_stored_in_another_form_has_arrived(
    sent: str, before: str | None, after: str, told: bool
) -> None:
    first = () if before is None else (phone(before),)
    body = patch(op("Replace", PHONE, sent), op("Replace", "title", "B"))
    write = exchange("PATCH", ME, 204, "", sent=body)
    exchanges = in_order(*first, write, phone(after))
    assert bool(contradictions(exchanges)) is told
    assert (diagnose_case(seen(*exchanges)).cause != "unknown-cause") is told
    answered = exchange("PATCH", ME, 200, phone(after).json, sent=body)
    if before is None:
        assert (diagnose_case(seen(answered)).cause != "unknown-cause") is told


def test_an_answer_without_a_body_empties_no_group() -> None:
    assert contradictions(in_order(team("m0", "m1"), members("Remove", "m1"))) == ()


START = datetime(2026, 7, 1, 12, tzinfo=UTC)


def joins_at(seconds: float | None, name: str, milliseconds: float = 80) -> Exchange:
    at = None if seconds is None else START + timedelta(seconds=seconds)
    write = members("Add", name)
    return replace(write, started_at=at, elapsed_in_milliseconds=milliseconds)


@pytest.mark.parametrize(
    ("first", "second", "left", "expected"),
    [
        (joins_at(0, "a"), joins_at(0.05, "b"), "b", ("concurrent-member-update-lost", "likely")),
        (joins_at(0, "a"), joins_at(0, "b", 0), "a", ("concurrent-member-update-lost", "likely")),
        (joins_at(0, "a"), joins_at(None, "b"), "b", ("concurrent-member-update-lost", "possible")),
        (joins_at(0, "a", 0), joins_at(1, "b"), "b", ("concurrent-member-update-lost", "possible")),
        (joins_at(0, "a"), joins_at(1, "b"), "b", ("replace-clears-unsent-values", "likely")),
        (joins_at(0, "a"), joins_at(1, "b"), "a", ("patch-accepted-not-applied", "possible")),
    ],
)
def test_only_additions_that_overlap_in_time_are_parallel(
    first: Exchange, second: Exchange, left: str, expected: tuple[str, str]
) -> None:
    found = diagnose_case(seen(*in_order(first, second, team(left))))
    assert (found.cause, found.confidence) == expected


def test_the_evidence_points_at_the_query_that_found_nothing() -> None:
    odd = exchange("GET", '/Users?filter=userName eq "Ada@example.com"', 200, listed())
    good = exchange("GET", '/Users?filter=userName eq "ada@example.com"', 200, listed(user()))
    for exchanges in (in_order(odd, good), in_order(good, odd)):
        found = diagnose_case(seen(*exchanges))
        asked = next(e.id for e in exchanges if "Ada" in e.request.query)
        assert found.cause == "filter-case-sensitive"
        assert [e.ref for e in found.evidence] == [asked]
