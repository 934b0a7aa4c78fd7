"""What a finding says of a write is what the read after it showed."""

from __future__ import annotations

import pytest

from tests.fakes.checking import check_lab


@pytest.mark.parametrize(
    ("fault", "check", "seen"),
    [
        ("value-path-strips-element", "patch/value-path", "but a read by id shows emails [{"),
        (
            "members-remove-list-wipes",
            "groups/remove-list",
            "but a read by id shows 0 members (before: 3); 2 should be left.",
        ),
        (
            "members-remove-list-ignored",
            "groups/remove-list",
            "but a read by id does not show the change; 2 should be left.",
        ),
    ],
)
def test_a_change_that_went_wrong_is_told_from_none(fault: str, check: str, seen: str) -> None:
    assert seen in check_lab(fault).of(check).message


def test_an_element_that_lost_its_type_is_shown_before_and_after() -> None:
    told = check_lab("value-path-strips-element").of("patch/value-path").message

    assert '(before: [{"type": "work", "primary": true' in told
