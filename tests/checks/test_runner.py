"""The engine: order, prerequisites, isolation, bounds, clean-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.checks import ALL_CHECKS, Check, CheckOptions, run_checks, unknown_names
from scimdoctor.checks.check import Unavailable, failed, noted
from scimdoctor.checks.roots import one_root_per_cause
from scimdoctor.checks.runner import select
from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.errors import Interrupted, WriteRefused
from scimdoctor.lab.http import Behaviour, LabRequest, LabResponse, json_response
from scimdoctor.lab.scim.faults import FAULTS
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Finding, Outcome
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from tests.fakes.checking import (
    FakeClock,
    RecordingJournal,
    check_lab,
    check_provider,
    endpoint_for,
)
from tests.fakes.mappings import contoso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from scimdoctor.checks import Result
    from scimdoctor.checks.context import CheckContext


def rule(identifier: str, *, cause: str | None = "unknown-cause") -> CheckRule:
    return CheckRule(
        id=identifier,
        title="It is good",
        severity=Severity.MAJOR,
        requirement=Requirement.MUST,
        cause=cause,
        what="w",
        why="y",
        admin_sees="a",
        fix="f",
    )


def check(
    identifier: str,
    run: Callable[[CheckContext], Iterator[Result]],
    *,
    requires: tuple[str, ...] = (),
    writes: bool = False,
) -> Check:
    return Check(rule=rule(identifier), run=run, requires=requires, writes=writes)


def good(_context: CheckContext) -> Iterator[Result]:
    yield from ()


def bad(_context: CheckContext) -> Iterator[Result]:
    yield failed("It is bad.")


def lacking(_context: CheckContext) -> Iterator[Result]:
    yield noted("There is none.")
    raise Unavailable("nothing to test")


def crashing(_context: CheckContext) -> Iterator[Result]:
    yield from ()
    raise KeyError("oops")


def run(*checks: Check, **options: Any) -> dict[str, Finding]:
    provider = ScimServiceProvider()
    checked = check_provider(provider, checks=checks, options=CheckOptions(**options))
    return {f.check: f for f in checked.findings}


def test_a_check_whose_prerequisite_failed_is_skipped_and_names_the_root() -> None:
    found = run(
        check("a/root", bad),
        check("a/middle", good, requires=("a/root",)),
        check("a/end", good, requires=("a/middle",)),
    )

    assert found["a/root"].outcome is Outcome.FAILED
    assert found["a/end"].outcome is Outcome.SKIPPED
    assert "a/root" in found["a/end"].message


def test_what_is_not_offered_blocks_without_being_a_problem() -> None:
    found = run(check("a/offer", lacking), check("a/use", good, requires=("a/offer",)))

    assert (found["a/offer"].severity, found["a/offer"].is_problem) == (Severity.INFO, False)
    assert found["a/use"].outcome is Outcome.SKIPPED


def test_a_crash_is_isolated_and_said_in_short() -> None:
    found = run(check("a/crash", crashing), check("a/next", good))

    assert found["a/crash"].outcome is Outcome.ERRORED
    assert "KeyError" in found["a/crash"].message
    assert "test_runner.py" in found["a/crash"].message
    assert found["a/next"].outcome is Outcome.PASSED


def test_left_out_checks_do_not_block_those_that_need_them() -> None:
    found = run(check("a/one", bad), check("b/two", good, requires=("a/one",)), skip=("a",))

    assert found["a/one"].outcome is Outcome.SKIPPED
    assert found["b/two"].outcome is Outcome.PASSED


def test_only_runs_what_is_needed_and_reports_what_was_asked_for() -> None:
    checks = (check("a/one", good), check("b/two", good, requires=("a/one",)), check("c/x", bad))

    assert [c.id for c in select(checks, CheckOptions(only=("b",)))] == ["a/one", "b/two"]
    assert [k for k in run(*checks, only=("b",)) if k != "run/clean-up"] == ["b/two"]


def test_a_failed_prerequisite_is_reported_though_it_was_not_asked_for() -> None:
    found = run(check("a/one", bad), check("b/two", good, requires=("a/one",)), only=("b/two",))

    assert found["a/one"].outcome is Outcome.FAILED


def test_read_only_sends_nothing_but_gets() -> None:
    checked = check_lab(options=CheckOptions(read_only=True))

    assert {x.request.method for x in checked.exchanges} == {"GET"}
    assert checked.problems == []
    assert checked.of("create/documented").outcome is Outcome.SKIPPED


@pytest.mark.parametrize("dialect", list(Dialect))
def test_one_dialect_alone_is_clean(dialect: Dialect) -> None:
    checked = check_lab(options=CheckOptions(dialects=(dialect,)))

    assert [(f.check, f.message) for f in checked.problems] == []


def test_the_default_dialect_is_not_sent_when_only_the_other_was_asked_for() -> None:
    checked = check_lab(options=CheckOptions(dialects=(Dialect.COMPLIANT,)))
    bodies = [x.request.json for x in checked.exchanges if x.request.method == "PATCH"]

    names = {op["op"] for body in bodies for op in body["Operations"]}
    assert names <= {"add", "replace", "remove"}


def test_everything_is_journalled_before_and_forgotten_after() -> None:
    journal = RecordingJournal()
    checked = check_provider(ScimServiceProvider(), journal=journal)

    posts = [x for x in checked.exchanges if x.request.method == "POST" and x.ok]
    assert len(journal.seen) >= len(posts)
    assert journal.entries == {}


def test_what_cannot_be_removed_is_listed_and_stays_in_the_journal() -> None:
    journal = RecordingJournal()
    checked = check_provider(ScimServiceProvider(faults=["delete-405"]), journal=journal)

    finding = checked.of("run/clean-up")
    assert finding.outcome is Outcome.FAILED
    assert "405" in finding.message
    assert len(journal.entries) == checked.left > 0


def test_when_the_agreed_writes_are_used_up_reading_goes_on_and_it_is_said() -> None:
    provider, journal = ScimServiceProvider(), RecordingJournal()
    clients: list[httpx.Client] = []
    endpoint = endpoint_for(provider.handle, clients)
    endpoint.guard.allow("a test", max_writes=30, removals=5)
    findings = run_checks(endpoint, checks=ALL_CHECKS, journal=journal)
    clients[0].close()

    found = {f.check: f for f in findings}
    assert found["create/documented"].outcome is Outcome.PASSED
    assert found["run/throttling"].outcome is Outcome.PASSED
    assert any("agreed number of writes" in f.message for f in findings)
    assert found["run/clean-up"].outcome is Outcome.FAILED
    assert len(journal.entries) == len(provider.users) + len(provider.groups) > 0


def test_a_create_without_answer_stays_in_the_journal_until_it_is_known_to_be_gone() -> None:
    provider, journal = ScimServiceProvider(), RecordingJournal()

    def handle(request: LabRequest) -> LabResponse:
        if request.method != "POST" and not provider.users:
            return provider.handle(request)
        provider.handle(request)
        return LabResponse(status=200, behaviour=Behaviour.HANG)

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(handle, clients)
    findings = run_checks(endpoint, checks=ALL_CHECKS, journal=journal)
    clients[0].close()

    assert len(journal.entries) == len(provider.users) == 1
    assert next(f for f in findings if f.check == "run/clean-up").outcome is Outcome.FAILED


def test_ctrl_c_cleans_up_and_says_so() -> None:
    provider = ScimServiceProvider()

    def stop(context: CheckContext) -> Iterator[Result]:
        context.user("subject")
        yield from ()
        raise KeyboardInterrupt

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(provider.handle, clients)
    with pytest.raises(Interrupted, match="every test object was removed"):
        run_checks(endpoint, checks=(check("a/stop", stop, writes=True),))
    clients[0].close()

    assert provider.users == {}
    assert any(x.request.method == "DELETE" for x in endpoint.exchanges)


def test_the_guard_is_not_gone_round() -> None:
    provider = ScimServiceProvider()
    clients: list[httpx.Client] = []
    endpoint = endpoint_for(provider.handle, clients)
    endpoint.guard.revoke()
    with pytest.raises(WriteRefused):
        run_checks(endpoint, checks=ALL_CHECKS)
    clients[0].close()

    assert provider.users == {}


def test_the_run_ends_at_its_deadline() -> None:
    clock = FakeClock()
    provider = ScimServiceProvider()

    def slow(request: LabRequest) -> LabResponse:
        clock.at += 1
        return provider.handle(request)

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(slow, clients)
    options = CheckOptions(timeout=20, clock=clock.clock)
    findings = run_checks(endpoint, checks=ALL_CHECKS, options=options)
    clients[0].close()

    cut = [f for f in findings if "20 seconds were used up" in f.message]
    assert [f.outcome for f in cut if "not finished" in f.message] == [Outcome.ERRORED]
    assert not any("cannot be told while" in f.message for f in findings)
    assert provider.users == {}


def test_a_burst_of_429_is_waited_out_and_is_no_problem() -> None:
    provider = ScimServiceProvider()
    refused: list[int] = []

    def once(request: LabRequest) -> LabResponse:
        if len(refused) < 1:
            refused.append(1)
            return json_response(429, {}, headers=(("Retry-After", "2"),))
        return provider.handle(request)

    clients: list[httpx.Client] = []
    clock = FakeClock()
    endpoint = endpoint_for(once, clients)
    findings = run_checks(
        endpoint, checks=ALL_CHECKS, options=CheckOptions(seed=1, clock=clock.clock)
    )
    clients[0].close()

    assert [f.message for f in findings if f.is_problem] == []
    assert clock.at >= 2


def test_an_endpoint_that_stops_answering_ends_the_run() -> None:
    checked = check_lab("hang")

    assert len(checked.exchanges) <= 10
    assert [f.cause for f in checked.problems] == ["endpoint-too-slow-or-throttled"]


def test_the_worst_finding_of_a_cause_is_the_root() -> None:
    def finding(name: str, severity: Severity) -> Finding:
        return Finding(
            check=name,
            outcome=Outcome.FAILED,
            severity=severity,
            requirement=Requirement.MUST,
            title="t",
            message="m.",
            cause="patch-method-missing",
        )

    found = one_root_per_cause(
        [finding("a/minor", Severity.MINOR), finding("a/blocker", Severity.BLOCKER)]
    )

    assert [f.severity for f in found] == [Severity.INFO, Severity.BLOCKER]
    assert "a/blocker" in found[0].message


def test_crashes_of_different_methods_are_different_faults() -> None:
    problems = check_lab("patch-name-500", "delete-member-500").problems

    assert [(f.check, f.cause) for f in problems] == [
        ("patch/sub-attribute", "unhandled-exception-500"),
        ("groups/delete-member", "unhandled-exception-500"),
    ]


@pytest.mark.parametrize(
    ("faults", "checks"),
    [
        (("title-dropped", "group-members-never-shown"), ["read/stored", "groups/add-members"]),
        (("external-id-immutable", "group-rename-refused"), ["patch/add", "groups/rename"]),
        (("external-id-dropped",), ["read/stored"]),
    ],
    ids=["lost", "immutable", "one fault of both"],
)
def test_users_and_groups_may_have_the_same_cause_for_reasons_of_their_own(
    faults: tuple[str, ...], checks: list[str]
) -> None:
    assert [f.check for f in check_lab(*faults).problems] == checks


def test_what_the_flag_mends_is_said_of_the_request_not_of_the_app() -> None:
    finding = check_lab("boolean-text-refused", "group-op-case-sensitive").of("lifecycle/disable")

    assert finding.cause == "needs-scim-compliance-flag"
    assert "Entra does not send it so with aadOptscim062020" in finding.message


def test_findings_carry_evidence_and_a_curl_line() -> None:
    finding = check_lab("delete-405").of("lifecycle/delete")

    assert finding.evidence
    assert finding.reproduce is not None
    assert finding.reproduce.startswith(("curl ", "ID=$(curl "))
    assert "$SCIMDOCTOR_ENDPOINT_TOKEN" in finding.reproduce
    assert "lab-token" not in finding.reproduce


def test_unknown_names_are_found() -> None:
    assert unknown_names(ALL_CHECKS, ["groups", "patch/add", "nonsense"]) == ("nonsense",)


def test_every_check_has_its_words_and_comes_after_what_it_needs() -> None:
    seen: set[str] = set()
    for one in ALL_CHECKS:
        rule = one.rule
        assert set(one.requires) <= seen, one.id
        assert one.id not in seen
        texts = (rule.title, rule.what, rule.why, rule.admin_sees, rule.fix)
        assert all(text.strip() for text in texts), one.id
        assert rule.references, one.id
        assert not rule.title.endswith("."), one.id
        seen.add(one.id)


def test_every_module_of_checks_is_in_the_list() -> None:
    import importlib
    import pkgutil

    import scimdoctor.checks as package

    listed = {one.id: one.run for one in ALL_CHECKS}
    for module in pkgutil.iter_modules(package.__path__):
        found = importlib.import_module(f"scimdoctor.checks.{module.name}")
        for name, value in vars(found).items():
            if "CHECKS" in name and isinstance(value, tuple) and name != "ALL_CHECKS":
                assert {one.id: one.run for one in value}.items() <= listed.items(), module.name


def test_values_repeat_with_a_seed() -> None:
    first, second = check_lab(), check_lab()

    assert [x.request.target for x in first.exchanges] == [
        x.request.target for x in second.exchanges
    ]


def test_blanks_are_respelled_only_where_they_are_blanks() -> None:
    from scimdoctor.checks.spelling import Spelling, respell

    request = requests.match_query("Users", "userName", "a+b c")

    assert respell(request, Spelling(blank="%20")).query == (
        "filter=userName%20eq%20%22a%2Bb%20c%22"
    )


def test_a_seed_is_left_when_its_values_clash_with_an_earlier_run() -> None:
    provider = ScimServiceProvider(faults=("delete-deactivates",))
    first = check_provider(provider)

    second = check_provider(provider)

    assert [(f.check, f.cause) for f in second.problems] == [
        (f.check, f.cause) for f in first.problems
    ]


def test_what_an_earlier_run_left_in_part_is_no_fault() -> None:
    provider = ScimServiceProvider(faults=("delete-405",))
    check_provider(provider)
    provider.switch_to(())
    provider.groups.clear()
    names = ("inactive", "nasty", "namesake", "symbols", "asleep")
    for identifier, user in list(provider.users.items()):
        if not any(name in user["userName"] for name in names):
            del provider.users[identifier]
    assert len(provider.users) > 4

    assert check_provider(provider).problems == []


def interrupted(
    handle: Callable[[LabRequest], LabResponse], journal: RecordingJournal
) -> Interrupted:
    """What comes of a run that `handle` or `journal` interrupts."""

    def create(context: CheckContext) -> Iterator[Result]:
        context.user("subject")
        yield from ()

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(handle, clients)
    checks = (check("a/create", create, writes=True), check("b/next", create, writes=True))
    with pytest.raises(Interrupted) as caught:
        run_checks(endpoint, checks=checks, journal=journal)
    clients[0].close()
    return caught.value


def test_a_create_that_ctrl_c_cut_off_may_still_come_and_stays_in_the_journal() -> None:
    provider, journal = ScimServiceProvider(), RecordingJournal()

    def cut_off(request: LabRequest) -> LabResponse:
        if request.method == "POST":
            raise KeyboardInterrupt
        return provider.handle(request)

    ending = interrupted(cut_off, journal)
    assert "may still come into being" in ending.message
    assert "scimdoctor cleanup" in ending.message
    assert len(journal.entries) == 1
    assert [f.outcome for f in ending.findings] == [Outcome.SKIPPED] * 2


def test_an_interrupt_while_journalling_loses_no_entry() -> None:
    class Stopped(RecordingJournal):
        def about_to_create(
            self, base_url: str, resource: str, *, attribute: str, value: str, key: str
        ) -> str:
            super().about_to_create(base_url, resource, attribute=attribute, value=value, key=key)
            raise KeyboardInterrupt

    journal = Stopped()
    ending = interrupted(ScimServiceProvider().handle, journal)
    assert len(journal.entries) == 1
    assert journal.seen[0] in ending.message


def test_a_second_ctrl_c_names_the_command_that_removes_the_rest() -> None:
    provider, journal = ScimServiceProvider(), RecordingJournal()

    def twice(request: LabRequest) -> LabResponse:
        if request.method == "DELETE":
            raise KeyboardInterrupt
        return provider.handle(request)

    ending = interrupted(twice, journal)
    assert "scimdoctor cleanup --endpoint http://app.test/scim" in ending.message
    assert f"/Users/{next(iter(provider.users))}" in ending.message
    assert len(journal.entries) == len(provider.users) == 1


@pytest.mark.parametrize("lists", [True, False])
def test_what_a_failed_create_left_is_found_without_the_filter_or_stays_journalled(
    lists: bool,
) -> None:
    provider, journal = ScimServiceProvider(), RecordingJournal()

    def broken(request: LabRequest) -> LabResponse:
        if request.method == "POST":
            provider.handle(request)
            return LabResponse(status=500)
        if request.method == "GET" and ("filter" in request.query or not lists):
            return LabResponse(status=400)
        return provider.handle(request)

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(broken, clients)
    findings = run_checks(
        endpoint,
        checks=ALL_CHECKS,
        options=CheckOptions(only=("create",), clock=FakeClock().clock),
        journal=journal,
    )
    clients[0].close()

    assert bool(journal.entries) is bool(provider.users) is not lists
    assert {user["userName"] for user in provider.users.values()} <= {
        value for _, value, _ in journal.entries.values()
    }
    failed_checks = {f.check for f in findings if f.outcome is Outcome.FAILED}
    assert ("run/clean-up" in failed_checks) is not lists


def test_what_a_check_needs_or_heeds_comes_before_it() -> None:
    places = {check.id: place for place, check in enumerate(ALL_CHECKS)}

    for check in ALL_CHECKS:
        assert all(places[other] < places[check.id] for other in (*check.requires, *check.heeds))


@pytest.mark.parametrize(
    ("family", "fault"),
    [
        ("mapping", "extension-path-literal"),
        ("mapping", "extension-path-500"),
        ("mapping", "employee-number-path-ignored"),
        ("mapping", "patch-op-remove-capital-500"),
        ("mapping", "patch-remove-refused"),
        ("groups", "default-dialect-refused"),
    ],
)
def test_a_family_by_itself_names_the_cause_of_a_whole_run(family: str, fault: str) -> None:
    checked = check_lab(fault, options=CheckOptions(only=(family,), schema=contoso()))

    (found,) = checked.problems
    assert found.cause == next(f.cause for f in FAULTS if f.id == fault)
