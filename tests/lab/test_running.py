"""The lab's history follows from what its endpoints answered."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scimdoctor.errors import ConfigurationError
from scimdoctor.lab.running import running_lab

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def statuses(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(event["provisioningStatusInfo"]["status"] for event in events)


def reasons(events: list[dict[str, Any]]) -> set[str]:
    found = (event["provisioningStatusInfo"]["errorInformation"] for event in events)
    return {info["reason"] for info in found if info}


def test_a_sound_endpoint_gives_a_log_without_failures() -> None:
    with running_lab(now=lambda: NOW) as lab:
        seen = statuses(lab.travel.events)
        assert seen["failure"] == 0
        assert min(seen["success"], seen["skipped"], seen["warning"]) > 0
        assert sum(seen.values()) > 200
        assert lab.travel.job["status"]["code"] == "Active"
        assert all(e["activityDateTime"] < "2026-11-20T12:00:00Z" for e in lab.travel.events)


def test_an_expired_token_quarantines_the_second_app_without_a_word_in_its_log() -> None:
    with running_lab(now=lambda: NOW) as lab:
        assert statuses(lab.hr.events)["failure"] == 0
        quarantine = lab.hr.job["status"]["quarantine"]
        assert quarantine["reason"] == "EncounteredQuarantineException"
        assert "Unauthorized" in quarantine["error"]["message"]


def test_a_fault_shows_as_the_failures_that_follow_from_it() -> None:
    with running_lab(("boolean-text-refused",), now=lambda: NOW) as lab:
        failed = [
            e for e in lab.travel.events if e["provisioningStatusInfo"]["status"] == "failure"
        ]
        assert failed
        assert {e["provisioningAction"] for e in failed} == {"disable"}
        assert all("StatusCode: BadRequest" in reason for reason in reasons(failed))


def test_two_runs_show_the_same() -> None:
    with running_lab(now=lambda: NOW) as one, running_lab(now=lambda: NOW) as other:
        assert [e["id"] for e in one.travel.events] == [e["id"] for e in other.travel.events]


def test_an_unknown_fault_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no-such-fault"), running_lab(("no-such-fault",)):
        pass


def test_nothing_is_left() -> None:
    before = threading.active_count()
    with running_lab(now=lambda: NOW) as lab:
        folder = Path(lab.ca_file).parent
        assert folder.exists()
    assert not folder.exists()
    assert threading.active_count() <= before


def test_an_endpoint_that_hangs_ends_each_cycle_soon() -> None:
    with running_lab(("patch-hang",), now=lambda: NOW) as lab:
        failed = [
            e["provisioningStatusInfo"]["errorInformation"]["errorCode"]
            for e in lab.travel.events
            if e["provisioningStatusInfo"]["status"] == "failure"
        ]
        assert failed
        assert set(failed) == {"Timeout"}


@pytest.mark.parametrize("fault", ["drip", "gzip-bomb", "minute-quota", "client-banned"])
def test_a_fault_that_would_spoil_the_past_begins_after_it(fault: str) -> None:
    with running_lab((fault,), now=lambda: NOW) as lab:
        assert statuses(lab.travel.events)["failure"] == 0
        assert lab.travel.provider.memory == {}
