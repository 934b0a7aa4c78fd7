"""Options that widen a run: TLS, load, the RFC, the tenant's own mapping."""

from __future__ import annotations

import re
import ssl
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.checks import ALL_CHECKS, CheckOptions, run_checks
from scimdoctor.checks.tls import CHECKS as TLS_CHECKS
from scimdoctor.endpoint.tls import TlsFacts
from scimdoctor.entra.dialect import Dialect
from scimdoctor.lab.http import Behaviour
from scimdoctor.lab.scim.provider import ScimServiceProvider
from scimdoctor.model.finding import Outcome
from scimdoctor.model.rule import Severity
from scimdoctor.model.synchronization import (
    AttributeDefinition,
    AttributeMapping,
    DirectoryDefinition,
    ObjectDefinition,
    ObjectMapping,
    SynchronizationRule,
    SynchronizationSchema,
)
from scimdoctor.progress import SilentProgress
from tests.fakes.checking import Checked, FakeClock, check_lab, check_provider, endpoint_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from scimdoctor.lab.http import LabRequest, LabResponse
    from scimdoctor.model.finding import Finding
    from scimdoctor.progress import Task

CUSTOM = "urn:ietf:params:scim:schemas:extension:contoso:2.0:User:badge"
GOOD = TlsFacts(
    protocols=("TLSv1.2", "TLSv1.3"),
    entra_suite="ECDHE-RSA-AES128-GCM-SHA256",
    trusted=True,
    not_after=datetime.now(UTC) + timedelta(days=300),
    key="RSA",
    key_bits=2048,
)


def tls_findings(facts: TlsFacts) -> dict[str, Finding]:
    import httpx

    from scimdoctor.endpoint.client import Endpoint

    options = CheckOptions(tls_probe=lambda _host, _port: facts)
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(500))) as http:
        endpoint = Endpoint(http, base_url="https://app.test/scim")
        found = run_checks(endpoint, checks=TLS_CHECKS, options=options)
    return {f.check: f for f in found}


def test_what_a_handshake_stops_is_told_by_the_check_of_tls_alone() -> None:
    import httpx

    from scimdoctor.endpoint.client import Endpoint

    def stopped(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("handshake failure", request=request) from ssl.SSLError("alert")

    facts = TlsFacts(protocols=("TLSv1.3",), handshake_problem="protocol version", trusted=True)
    options = CheckOptions(tls_probe=lambda _host, _port: facts, clock=FakeClock().clock)
    with httpx.Client(transport=httpx.MockTransport(stopped)) as http:
        endpoint = Endpoint(http, base_url="https://app.test/scim")
        found = run_checks(endpoint, checks=ALL_CHECKS, options=options)

    failed = [f.check for f in found if f.outcome is Outcome.FAILED]
    assert failed == ["tls/protocol"]
    skipped = {f.check: f.message for f in found if f.outcome is Outcome.SKIPPED}
    assert skipped["reach/test-connection"] == "cannot be told while tls/protocol fails"


def test_good_tls_passes_and_says_what_is_offered() -> None:
    found = tls_findings(GOOD)

    assert found["tls/protocol"].outcome is Outcome.PASSED
    assert "ECDHE-RSA-AES128-GCM-SHA256" in found["tls/protocol"].message
    assert found["tls/certificate"].outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("change", "check", "severity", "words"),
    [
        ({"protocols": ("TLSv1.3",)}, "tls/protocol", Severity.BLOCKER, "TLSv1.3"),
        (
            {"protocols": (), "handshake_problem": "protocol version"},
            "tls/protocol",
            Severity.BLOCKER,
            "No version of TLS is agreed on: protocol version",
        ),
        (
            {"wants_client_certificate": True},
            "tls/protocol",
            Severity.INFO,
            "without a client certificate",
        ),
        (
            {
                "protocols": ("TLSv1.3",),
                "handshake_problem": "sslv3 alert handshake failure",
                "wants_client_certificate": True,
            },
            "tls/protocol",
            Severity.BLOCKER,
            "none was given (--client-certificate)",
        ),
        (
            {
                "trusted": False,
                "trust_problem": "unable to get local issuer certificate",
                "issuer": "CN=An authority",
            },
            "tls/certificate",
            Severity.BLOCKER,
            "issued by CN=An authority: either the host leaves out the intermediate",
        ),
        ({"entra_suite": None}, "tls/protocol", Severity.BLOCKER, "none of the suites"),
        (
            {"trusted": False, "trust_problem": "self-signed certificate"},
            "tls/certificate",
            Severity.BLOCKER,
            "self-signed",
        ),
        (
            {"not_after": datetime.now(UTC) + timedelta(days=3)},
            "tls/certificate",
            Severity.MINOR,
            "ends on",
        ),
        (
            {"key_bits": 1024, "trusted": False, "trust_problem": "EE certificate key too weak"},
            "tls/certificate",
            Severity.BLOCKER,
            "1024 bits",
        ),
        ({"key_bits": 1024}, "tls/certificate", Severity.BLOCKER, "1024 bits"),
        ({"key": "EC", "key_bits": 192}, "tls/certificate", Severity.BLOCKER, "192 bits"),
    ],
)
def test_bad_tls_is_found(
    change: dict[str, Any], check: str, severity: Severity, words: str
) -> None:
    from dataclasses import replace

    finding = tls_findings(replace(GOOD, **change))[check]

    assert finding.outcome is Outcome.FAILED
    assert finding.severity is severity
    assert words in finding.message
    needless = change.get("wants_client_certificate") and change.get("handshake_problem")
    assert finding.cause == (
        "auth-scheme-unsupported" if needless else "endpoint-unreachable-or-blocked"
    )


def test_an_unreachable_host_is_skipped_with_the_reason() -> None:
    found = tls_findings(TlsFacts(connection_problem="no route"))

    assert found["tls/protocol"].outcome is Outcome.SKIPPED
    assert "no route" in found["tls/protocol"].message


@pytest.mark.parametrize(
    "facts",
    [
        TlsFacts(handshake_problem="the host does not answer the handshake in time"),
        TlsFacts(
            protocols=("TLSv1.1",), key="RSA", key_bits=2048, trust_problem="protocol version"
        ),
    ],
)
def test_a_certificate_is_not_called_untrusted_for_want_of_a_handshake(facts: TlsFacts) -> None:
    found = tls_findings(facts)

    assert found["tls/protocol"].outcome is Outcome.FAILED
    assert found["tls/certificate"].outcome is Outcome.SKIPPED


def test_load_counts_failures_and_times_and_leaves_nothing() -> None:
    checked = check_lab(options=CheckOptions(load=True))

    assert checked.problems == []
    assert checked.left == 0
    rate, users, group = (checked.of(f"load/{n}") for n in ("rate", "users", "group"))
    assert {f.outcome for f in (rate, users, group)} == {Outcome.PASSED}
    assert re.search(r"Of 250 queries .* 0 failed .* 95 of 100 \d+ ms, 99 of 100", rate.message)
    assert "25 users" in users.message
    assert "31 changes" in group.message
    assert all(f.evidence for f in (rate, users, group))
    names = {f.check: [figure.name for figure in f.figures] for f in (rate, users, group)}
    assert names["load/rate"][:4] == ["sent", "answered well", "queries", "failed"]
    assert names["load/users"] == [*_OF_WRITES, "median", "p95", "slowest"]
    assert names["load/group"] == [*_OF_WRITES, "members wrong", "median", "p95", "slowest"]
    assert [f.value for f in rate.figures[2:4]] == [250, 0]
    assert 24 <= rate.figures[1].value <= 25


_OF_WRITES = ["writes", "at the same time", "failed"]


def test_the_figures_of_load_stand_beside_what_failed() -> None:
    checked = check_lab("crowd-mixes-users", options=CheckOptions(load=True))

    users = checked.of("load/users")
    assert users.outcome is Outcome.FAILED
    assert users.figures[0].value == 50


def test_whoever_watches_sees_the_check_that_runs_and_how_far_load_has_come() -> None:
    seen: list[str] = []

    class Watched(SilentProgress):
        @contextmanager
        def task(
            self, description: str, *, total: int | None = None, uneven: bool = False
        ) -> Iterator[Task]:
            assert (description, uneven) == ("Checking the endpoint", True)
            yield Watcher()

    class Watcher:
        def advance(self, amount: int = 1, *, note: str | None = None) -> None:
            seen.append(note or f"+{amount}")

        def set_total(self, total: int | None) -> None:
            raise AssertionError(total)

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(ScimServiceProvider().handle, clients)
    options = CheckOptions(only=("load/rate",), load=True, clock=FakeClock().clock)
    run_checks(endpoint, checks=ALL_CHECKS, options=options, progress=Watched())
    clients[0].close()

    first = seen.index("load/rate")
    assert seen[first + 1] == "load/rate: 0 of 250 queries"
    assert "load/rate: 249 of 250 queries" in seen[first:]
    assert seen[seen.index("load/rate: 249 of 250 queries") + 1] == "+1"


def test_load_without_writes_sends_queries_only() -> None:
    checked = check_lab(options=CheckOptions(load=True, read_only=True))

    assert {x.request.method for x in checked.exchanges} == {"GET"}
    assert checked.of("load/rate").outcome is Outcome.PASSED
    assert checked.of("load/users").outcome is Outcome.SKIPPED


def test_load_gives_up_on_a_server_that_has_stopped_answering() -> None:
    provider = ScimServiceProvider()
    seen: list[int] = []

    def handle(request: LabRequest) -> LabResponse:
        seen.append(1)
        answer = provider.handle(request)
        return answer if len(seen) < 20 else replace(answer, behaviour=Behaviour.RESET)

    clients: list[httpx.Client] = []
    endpoint = endpoint_for(handle, clients)
    options = CheckOptions(load=True, read_only=True, clock=FakeClock().clock)
    findings = run_checks(endpoint, checks=ALL_CHECKS, options=options)
    clients[0].close()

    found = next(f for f in findings if f.check == "load/rate")
    assert "no answer" in found.message
    assert len(seen) < 200


def test_load_is_off_unless_asked_for() -> None:
    assert not [f for f in check_lab().findings if f.check.startswith(("load/", "rfc/"))]


def test_rfc_findings_are_information_only() -> None:
    pytest.importorskip("scim2_tester")
    checked = check_lab(options=CheckOptions(only=("rfc",), rfc=True))

    found = [f for f in checked.findings if f.check == "rfc/scim2-tester"]
    assert found
    assert not [f for f in found if f.is_problem]
    assert checked.left == 0


def schema(*targets: str, matching: str | None = None) -> SynchronizationSchema:
    rows = tuple(
        AttributeMapping(target_attribute_name=name, matching_priority=int(name == matching))
        for name in targets
    )
    mapping = ObjectMapping(source_object_name="User", attribute_mappings=rows)
    return SynchronizationSchema(
        synchronization_rules=(SynchronizationRule(object_mappings=(mapping,)),)
    )


@pytest.mark.parametrize(
    ("fault", "check", "cause"),
    [
        ("unlisted-extension-refused", "custom/extension", "over-strict-validation"),
        ("custom-extension-dropped", "custom/extension", "attribute-not-stored-or-returned"),
        (
            "custom-extension-path-refused",
            "custom/extension-path",
            "extension-urn-path-unsupported",
        ),
    ],
)
def test_a_mapped_custom_extension_counts(fault: str, check: str, cause: str) -> None:
    provider = ScimServiceProvider(faults=[fault])
    mapped = schema("userName", CUSTOM)
    checked = check_provider(provider, options=CheckOptions(schema=mapped))

    assert [(f.check, f.cause) for f in checked.problems] == [(check, cause)]


@pytest.mark.parametrize(
    ("dialect", "found"), [(Dialect.DEFAULT, ["custom/roles"]), (Dialect.COMPLIANT, [])]
)
def test_the_flag_sends_no_roles_as_text(dialect: Dialect, found: list[str]) -> None:
    options = CheckOptions(only=("custom/roles",), dialects=(dialect,))
    checked = check_provider(ScimServiceProvider(faults=["roles-json-refused"]), options=options)

    assert [f.check for f in checked.problems] == found


MATCHED = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber"


def test_a_mapping_that_the_app_serves_is_clean() -> None:
    mapped = schema("userName", "displayName", MATCHED, CUSTOM, matching=MATCHED)
    checked = check_provider(ScimServiceProvider(), options=CheckOptions(schema=mapped))

    assert [(f.check, f.message) for f in checked.problems] == []
    assert checked.of("mapping/matching").outcome is Outcome.PASSED


def test_a_matching_attribute_that_cannot_be_asked_for_is_a_blocker() -> None:
    mapped = schema("userName", MATCHED, matching=MATCHED)
    provider = ScimServiceProvider(faults=["filter-urn-refused"])
    checked = check_provider(provider, options=CheckOptions(schema=mapped))

    assert [(f.check, f.severity) for f in checked.problems] == [
        ("mapping/matching", Severity.BLOCKER)
    ]


def test_a_mapping_without_a_matching_attribute_is_named_as_the_reason() -> None:
    options = CheckOptions(schema=schema("userName", "displayName"), only=("mapping/matching",))
    skipped = check_provider(ScimServiceProvider(), options=options).of("mapping/matching")

    assert skipped.outcome is Outcome.SKIPPED
    assert skipped.message == "the mapping of users has no matching attribute"


def test_a_reference_is_not_made_up() -> None:
    plain = schema("userName", "sponsor")
    definition = AttributeDefinition(name="sponsor", type="Reference")
    target = ObjectDefinition(name="User", attributes=(definition,))
    (rule,) = plain.synchronization_rules
    mapping = replace(rule.object_mappings[0], target_object_name="User")
    mapped = replace(
        plain,
        synchronization_rules=(replace(rule, object_mappings=(mapping,)),),
        directories=(DirectoryDefinition(objects=(target,)),),
    )
    options = CheckOptions(schema=mapped, only=("mapping/attributes",))
    checked = check_provider(ScimServiceProvider(), options=options)

    assert checked.of("mapping/attributes").outcome is Outcome.PASSED
    sent = [x.request.json for x in checked.exchanges if x.request.method == "POST"]
    assert sent
    assert not any("sponsor" in body for body in sent)


def test_what_is_not_mapped_is_information_only() -> None:
    provider = ScimServiceProvider(faults=["addresses-dropped"])
    checked = check_provider(provider, options=CheckOptions(schema=schema("userName")))

    assert checked.problems == []


def test_without_a_mapping_its_checks_are_skipped() -> None:
    assert check_lab().of("mapping/attributes").outcome is Outcome.SKIPPED


FAMILIES = sorted({check.family for check in ALL_CHECKS if not check.opt_in} - {"run", "tls"})


@pytest.mark.parametrize("name", [*FAMILIES, "manager/clear", "query/quotes", "patch/whole-update"])
def test_a_check_alone_comes_to_the_same_as_in_a_full_run(name: str) -> None:
    in_full = {f.check: f.outcome for f in full_run().findings}
    alone = check_lab(options=CheckOptions(only=(name,))).findings

    assert alone
    assert {f.check: f.outcome for f in alone} == {f.check: in_full[f.check] for f in alone}


def test_what_others_learn_from_is_done_though_it_was_left_out() -> None:
    checked = check_lab(options=CheckOptions(skip=("read",)))

    assert checked.of("read/stored").outcome is Outcome.SKIPPED
    assert checked.of("patch/replace").outcome is Outcome.PASSED


@cache
def full_run() -> Checked:
    return check_lab()


def test_what_scim2_tester_says_of_many_attributes_is_one_finding_with_its_own_exchange() -> None:
    pytest.importorskip("scim2_tester")
    checked = check_lab("patch-405", options=CheckOptions(only=("rfc",), rfc=True))
    exchanges = {x.id: x for x in checked.exchanges}

    found = [f for f in checked.findings if f.check == "rfc/scim2-tester"]
    assert len(found) < 10
    assert len({f.message for f in found}) == len(found)
    added = next(f for f in found if "check add attribute" in f.message)
    assert re.search(
        r"\(User, Group\): .* Attributes: externalId, .* and \d+ more\.", added.message
    )
    (own,) = (exchanges[x] for x in added.evidence)
    assert (own.request.method, own.status) == ("PATCH", 405)
    assert own.request.json["Operations"][0]["path"] == "externalId"
    searched = next(f for f in found if "search" in f.message)
    assert [exchanges[x].request.path for x in searched.evidence] == ["/.search"]
