"""Filters: grammar, printing and matching."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.scim import urns
from scimdoctor.scim.filters import (
    And,
    Comparison,
    Filter,
    FilterError,
    FilterPath,
    Not,
    Operator,
    Or,
    ValuePath,
    equalities,
    matches,
    parse_filter,
)

ADA: dict[str, Any] = {
    "schemas": [urns.USER, urns.ENTERPRISE_USER],
    "id": "2819C223",
    "externalId": "Ada",
    "userName": "Ada@Example.com",
    "active": False,
    "loginCount": 7,
    "name": {"familyName": "O'Malley"},
    "emails": [
        {"type": "work", "value": "ada@example.com", "primary": True},
        {"type": "home", "value": "ada@home.example"},
    ],
    "ims": [],
    "tags": ["red", "blue"],
    "meta": {"lastModified": "2026-01-02T03:04:05Z", "resourceType": "User"},
    urns.ENTERPRISE_USER: {"employeeNumber": "17", "manager": {"value": "m-1"}},
}


@pytest.mark.parametrize(
    "text",
    [
        'userName eq "ada@example.com"',
        'USERNAME EQ "ada@example.com"',
        f'{urns.USER}:userName eq "ada@example.com"',
        'name.familyName co "o\'mal"',
        'userName sw "ADA"',
        'userName ew ".COM"',
        "userName pr",
        "not (title pr)",
        "title eq null",
        "userName ne null",
        'title ne "x"',
        'id eq "2819C223"',
        'externalId eq "Ada"',
        "active eq false",
        'active eq "False"',
        "loginCount gt 6 and loginCount ge 7 and loginCount lt 7.5 and loginCount le 7",
        'meta.lastModified gt "2026-01-02T04:04:04+01:00"',
        'meta.lastModified le "2026-01-02T03:04:05Z"',
        'emails co "home"',
        'emails.value eq "ada@home.example"',
        'emails[type eq "work"]',
        'emails[type eq "work"].value eq "ADA@example.com"',
        'emails[type eq "work" and value co "@example.com"]',
        'emails[not (type eq "work")].value eq "ada@home.example"',
        "emails[primary eq true].value pr",
        f'{urns.ENTERPRISE_USER}:employeeNumber eq "17"',
        f'{urns.ENTERPRISE_USER}:manager.value eq "m-1"',
        'id eq "2819C223" and manager eq "m-1"',
        'userName eq "x" or userName sw "a" and active eq false',
        '(userName eq "x" or userName sw "a") and active eq false',
        'tags eq "RED"',
    ],
)
def test_filters_that_fit(text: str) -> None:
    assert matches(parse_filter(text), ADA)


@pytest.mark.parametrize(
    "text",
    [
        'id eq "2819c223"',
        'externalId eq "ada"',
        'userName eq "ada"',
        'userName ne "ADA@EXAMPLE.COM"',
        'title eq "x"',
        'title co "x"',
        'userName gt "z"',
        "userName gt 3",
        "active gt false",
        'active eq "maybe"',
        "ims pr",
        'emails[type eq "other"]',
        'emails[type eq "other"].value eq "ada@example.com"',
        'urn:x:2.0:User:employeeNumber eq "17"',
        'userName eq "x" and userName sw "a" or active eq true',
        'userName sw "a" and not (active eq false)',
        'loginCount co "7"',
        'name eq "O\'Malley"',
        'tags.type eq "red"',
    ],
)
def test_filters_that_do_not_fit(text: str) -> None:
    assert not matches(parse_filter(text), ADA)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName",
        "userName eq",
        "userName is x",
        "userName eq x",
        'userName eq "x',
        'userName eq "x" and',
        'userName eq "x" userName',
        '(userName eq "x"',
        'emails[type eq "work"',
        'emails[type eq "work"].value eq',
        "not userName pr",
        'user name eq "x"',
        '"userName" eq "x"',
        'userName eq "\\x"',
        "(" * 60 + "a pr" + ")" * 60,
    ],
)
def test_what_is_no_filter(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text)


def test_escapes_are_undone() -> None:
    filter_ = parse_filter(r'userName eq "a\"b\\c\u00e9"')
    assert matches(filter_, {"userName": 'a"b\\cé'})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('type eq "work"', {"type": "work"}),
        ('type eq "work" and primary eq true', {"type": "work", "primary": True}),
        ('type eq "work" or primary eq true', None),
        ('type co "work"', None),
        ('type eq "work" and value pr', None),
    ],
)
def test_equalities(text: str, expected: dict[str, Any] | None) -> None:
    assert equalities(parse_filter(text)) == expected


names = st.from_regex(r"[a-z][A-Za-z0-9_-]{0,6}", fullmatch=True).filter(
    lambda name: name not in {"and", "or", "not"}
)
values = st.one_of(
    st.text(max_size=8).filter(lambda t: not any("\ud800" <= c <= "\udfff" for c in t)),
    st.booleans(),
    st.none(),
    st.integers(-1000, 1000),
)
operators = st.sampled_from([operator for operator in Operator if operator is not Operator.PR])


def paths(where: st.SearchStrategy[Filter] | None = None) -> st.SearchStrategy[FilterPath]:
    urn = st.sampled_from([None, urns.USER, urns.ENTERPRISE_USER, "urn:example:x:2.0:User"])
    inner = st.none() if where is None else where
    return st.builds(
        FilterPath, attribute=names, urn=urn, where=inner, sub_attribute=st.none() | names
    )


def comparisons(path: st.SearchStrategy[FilterPath]) -> st.SearchStrategy[Filter]:
    return st.builds(Comparison, path=path, operator=operators, value=values) | st.builds(
        Comparison, path=path, operator=st.just(Operator.PR)
    )


def extended(inner: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    value_path = paths(inner).filter(lambda path: path.sub_attribute is None)
    return st.one_of(
        st.builds(And, left=inner, right=inner),
        st.builds(Or, left=inner, right=inner),
        st.builds(Not, term=inner),
        comparisons(paths(inner)),
        st.builds(ValuePath, path=value_path),
    )


filters = st.recursive(comparisons(paths()), extended, max_leaves=6)


@settings(max_examples=60, deadline=None)
@given(filters)
def test_parsing_undoes_printing(filter_: Filter) -> None:
    assert parse_filter(str(filter_)) == filter_


@settings(max_examples=60, deadline=None)
@given(filters)
def test_matching_never_fails_and_not_turns_it_round(filter_: Filter) -> None:
    assert matches(Not(term=filter_), ADA) is not matches(filter_, ADA)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=' ()[]".\\eqandorprnot:urn1', max_size=30))
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    try:
        found = parse_filter(text)
    except FilterError:
        return
    assert parse_filter(str(found)) == found
