"""No match is missed for want of a needle."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scimdoctor.causes.needles import needles
from scimdoctor.causes.phrases import PHRASES, likely_in

KNOWN = {
    "ab+c": {"ab"},
    "abcd?e": {"abc"},
    "x{2,3}yz": {"yz"},
    "x{0,3}y": {"y"},
    "(?:ab|cd){2}x?": {"ab", "cd"},
    "(?:ab|cd)*": set(),
    "a|b*": set(),
    "|a": set(),
    "(?!abc)de": {"de"},
    "(?<=abc)de": {"de"},
    "(?P<name>abc)d": {"d"},
    r"[abc|)]DE\.f\b": {"de.f"},
    r"\(a\)": {"(a)"},
    "(?m:^required$)": {"required"},
    "(?x) a b": set(),
    "ſs+": {"s"},
    "(abc": set(),
    "": set(),
}


@pytest.mark.parametrize("pattern", KNOWN)
def test_needles_of_a_pattern(pattern: str) -> None:
    assert needles(pattern) == KNOWN[pattern]


ATOMS = st.sampled_from(["a", "bc", "D", r"\.", r"\s", r"\bE", ".", "[xy]", "(?!f)", "(?=[gG])"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda some: f"(?:{'|'.join(some)})"),
        st.tuples(inner, st.sampled_from("?*+")).map(lambda two: f"(?:{two[0]}){two[1]}"),
        st.tuples(inner, st.sampled_from(["{2}", "{0,2}", "{1,}", "+?"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(pattern=PATTERNS, text=st.text("abcdefgxyABCDEFG. ", max_size=12))
def test_whatever_matches_has_a_needle(pattern: str, text: str) -> None:
    sought = needles(pattern)
    if sought and re.search(pattern, text, re.IGNORECASE):
        assert any(needle in text.lower() for needle in sought)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_text_with_a_phrase_is_searched_for_it(data: st.DataObject) -> None:
    phrase = data.draw(st.sampled_from(PHRASES))
    pattern = re.compile(phrase.pattern, re.IGNORECASE)
    text = data.draw(st.from_regex(pattern))
    assert phrase in tuple(likely_in(text))


def test_most_phrases_are_not_searched_for() -> None:
    assert len(tuple(likely_in("Attribute 'emails' is required"))) < len(PHRASES) / 5


def test_letters_that_only_look_past_ascii_are_searched() -> None:
    assert tuple(likely_in("mi\u017f\u017fing required field")) == PHRASES
