"""Every capture, read from its HAR file and diagnosed as the command does."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from scimdoctor.diagnose.evidence import Evidence
from scimdoctor.diagnose.run import Outcome, diagnose
from scimdoctor.endpoint.har import load_har
from scimdoctor.model.diagnosis import Confidence
from tests.causes.captures import CAPTURES, har_of


def diagnosed(name: str) -> Outcome:
    read = load_har(json.dumps(har_of(CAPTURES[name])).encode(), f"{name}.har")
    assert read.problems == ()
    return diagnose(Evidence(exchanges=read.exchanges, now=datetime(2026, 7, 2, tzinfo=UTC)))


@pytest.mark.parametrize("name", [n for n, made in CAPTURES.items() if made.cause])
def test_the_cause_behind_a_capture_is_named_first(name: str) -> None:
    made, found = CAPTURES[name], diagnosed(name).diagnoses
    assert found[0].cause in {made.cause, *made.also}
    assert found[0].confidence is not Confidence.CONFIRMED
    assert found[0].evidence


@pytest.mark.parametrize("name", [n for n, made in CAPTURES.items() if not made.cause])
def test_nothing_is_found_in_a_good_conversation(name: str) -> None:
    assert diagnosed(name).diagnoses == ()
