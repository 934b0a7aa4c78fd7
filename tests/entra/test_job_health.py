"""Jobs in every state, and what is said of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scimdoctor.entra.error_codes import ERROR_CODES, find_error_code
from scimdoctor.entra.job_health import is_late, is_stuck_in_initial_cycle, read_job
from scimdoctor.entra.quarantine import (
    QUARANTINE_REASONS,
    days_until_disabled,
    escrow_outlook,
    find_quarantine_reason,
)
from scimdoctor.entra.skip_reasons import find_skip_reason
from scimdoctor.model.synchronization import (
    SynchronizationError,
    SynchronizationJob,
    SynchronizationQuarantine,
    SynchronizationSchedule,
    SynchronizationStatus,
    SynchronizationTaskExecution,
)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


def job(
    code: str | None = "Active",
    state: str | None = "Active",
    quarantine: SynchronizationQuarantine | None = None,
    last: SynchronizationTaskExecution | None = None,
) -> SynchronizationJob:
    return SynchronizationJob(
        id="scim.1",
        schedule=SynchronizationSchedule(state=state),
        status=SynchronizationStatus(code=code, quarantine=quarantine, last_execution=last),
    )


def run(
    minutes_ago: int = 10, escrowed: int = 0, state: str = "Succeeded"
) -> SynchronizationTaskExecution:
    ended = NOW - timedelta(minutes=minutes_ago)
    return SynchronizationTaskExecution(
        state=state,
        time_began=ended - timedelta(minutes=5),
        time_ended=ended,
        count_escrowed=escrowed,
        count_entitled=100,
    )


HELD = SynchronizationQuarantine(
    reason="EncounteredQuarantineException",
    current_began=NOW - timedelta(days=20),
    next_attempt=NOW + timedelta(hours=3),
    error=SynchronizationError(code="InvalidCredentials", message="401"),
)


@pytest.mark.parametrize(
    ("found", "health"),
    [
        (job(last=run()), "healthy"),
        (job(last=run(escrowed=3)), "errors"),
        (job(last=run(state="Failed")), "errors"),
        (job(last=run(minutes_ago=600)), "errors"),
        (job(code="Quarantine", quarantine=HELD), "quarantined"),
        (job(state="Disabled", quarantine=HELD), "disabled"),
        (job(state="Paused", code="Paused", last=run()), "paused"),
        (job(code="NotRun"), "never-run"),
        (job(code=None, state=None), "never-run"),
        (job(code="unknownFutureValue", last=run()), "healthy"),
    ],
)
def test_one_word_for_each_state(found: SynchronizationJob, health: str) -> None:
    verdict = read_job(found, now=NOW)
    assert verdict.health == health
    assert verdict.headline.endswith(".")
    assert dict(verdict.facts)["schedule"]
    assert verdict.next_steps or health == "healthy"


def test_quarantine_counts_the_days() -> None:
    verdict = read_job(job(code="Quarantine", quarantine=HELD), now=NOW)
    assert "8 days" in verdict.headline
    assert dict(verdict.facts)["disabled on"] == "2026-07-09 (8 of 28 days left)"
    assert dict(verdict.facts)["next attempt"].endswith("(in 3 hours)")
    assert days_until_disabled(replace(HELD, current_began=None), NOW) is None


def test_late_and_stuck() -> None:
    assert is_late(job(last=run(minutes_ago=300)), now=NOW)
    assert not is_late(job(), now=NOW)
    began = replace(run(), time_began=NOW - timedelta(days=9), time_ended=None)
    assert is_stuck_in_initial_cycle(job(last=began), now=NOW)
    assert "initial cycle" in read_job(job(last=replace(began, count_escrowed=1)), now=NOW).headline


@pytest.mark.parametrize(
    ("escrowed", "entitled", "words"),
    [
        (0, 100, None),
        (None, None, None),
        (50, 100, "50%"),
        (6000, 10_000, "above the 40 %"),
        (6000, 100_000, "34000 more"),
        (9, None, "4991 more"),
        (6000, 16_000, "401 more"),
        (7000, 25, "33000 more"),
    ],
)
def test_escrow_maths(escrowed: int | None, entitled: int | None, words: str | None) -> None:
    said = escrow_outlook(escrowed, entitled)
    assert said is None if words is None else words in (said or "")


def test_codes_are_found_by_their_end_the_longest_first() -> None:
    found = find_error_code("SystemForCrossDomainIdentityManagementServiceIncompatibleFiltering")
    assert found is not None
    assert found.suffix == "ServiceIncompatibleFiltering"
    assert find_error_code("contosoentryconflict") is not None
    assert find_error_code(None) is None
    assert find_error_code("None") is None
    assert len({row.suffix for row in ERROR_CODES}) == len(ERROR_CODES)


def test_reasons_are_found_in_any_case() -> None:
    assert find_skip_reason("redundantexport") is not None
    assert find_skip_reason(None) is None
    assert find_quarantine_reason("QuarantineOnDemand") is not None
    assert find_quarantine_reason("x") is None
    assert all(row.meaning and row.steps for row in QUARANTINE_REASONS)


def test_objects_in_sync_are_named_for_people() -> None:
    urn = "urn:ietf:params:scim:schemas"
    counts = {f"{urn}:extension:enterprise:2.0:User": 4, f"{urn}:core:2.0:Group": 2, "Device": 1}
    status = replace(job().status, synchronized_entry_count_by_type=counts)
    facts = read_job(replace(job(), status=status), now=NOW).facts
    assert [row for row in facts if row[0].startswith("in sync")] == [
        ("in sync: users", "4"),
        ("in sync: groups", "2"),
        ("in sync: Device", "1"),
    ]


def test_one_of_a_thing_is_said_in_the_singular() -> None:
    facts = dict(read_job(job(last=run(minutes_ago=24 * 60 + 5)), now=NOW).facts)
    assert facts["last run"].endswith("(1 day ago)")
    facts = dict(read_job(job(last=run(minutes_ago=1)), now=NOW).facts)
    assert facts["last run"].endswith("(1 minute ago)")


@pytest.mark.parametrize(
    ("reason", "escrowed", "odd"),
    [
        ("EncounteredBaseEscrowThreshold", 45, True),
        ("EncounteredBaseEscrowThreshold", 41_000, False),
        ("EncounteredEscrowProportionThreshold", 45, True),
        ("EncounteredEscrowProportionThreshold", 5_500, False),
        ("TooManyDeletes", 45, False),
    ],
)
def test_a_quarantine_for_more_failures_than_there_are_is_odd(
    reason: str, escrowed: int, odd: bool
) -> None:
    said = escrow_outlook(escrowed, 100_000, quarantine=replace(HELD, reason=reason)) or ""
    assert (": odd, as" in said) is odd


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("SystemForCrossDomainIdentityManagementInvalidCredentials", "missing or refused."),
        ("SomethingNew", "or an answer that is not SCIM."),
        (None, "or an answer that is not SCIM."),
    ],
)
def test_an_unusable_endpoint_is_told_by_the_error(code: str | None, said: str) -> None:
    error = SynchronizationError(code=code, message="m") if code else None
    held = replace(HELD, reason="EncounteredQuarantineException", error=error)
    headline = read_job(job(quarantine=held), now=NOW).headline
    assert f"{said} Entra disables the job in" in headline
    threshold = replace(held, reason="EncounteredTotalEscrowThreshold")
    assert "Too many failures" in read_job(job(quarantine=threshold), now=NOW).headline


def test_a_quarantine_dated_in_the_future_counts_no_days() -> None:
    later = NOW + timedelta(days=370)
    held = replace(HELD, current_began=later, series_began=later)
    found = read_job(job(quarantine=held), now=NOW)
    assert "dated in the future" in dict(found.facts)["disabled on"]
    assert "disables the job" not in found.headline
    now = replace(HELD, current_began=NOW, series_began=NOW)
    assert "28 of 28 days" in dict(read_job(job(quarantine=now), now=NOW).facts)["disabled on"]
