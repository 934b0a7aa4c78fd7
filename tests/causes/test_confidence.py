"""How sure a diagnosis is, which other causes it names, and what tells them apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.causes import ALL_CAUSES
from scimdoctor.causes.apart import TOLD_BY
from scimdoctor.causes.collect import facts_of
from scimdoctor.causes.engine import diagnose_case, is_open
from scimdoctor.model.diagnosis import Affected, Case, Confidence
from scimdoctor.model.provisioning import ProvisionedIdentity, ProvisioningStep
from tests.causes.build import (
    ENTERPRISE,
    about,
    event,
    exchange,
    job,
    listed,
    on,
    op,
    patch,
    reason,
    scim,
    seen,
    user,
)
from tests.causes.test_families import DISABLE, MANAGER, WORK, failed, patched

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Diagnosis

LIKELY, POSSIBLE = Confidence.LIKELY, Confidence.POSSIBLE
DEPARTMENT = f"{ENTERPRISE}:department"
TITLE = {"title": ("A", "B")}
PAGE = "<html><head><title>IIS 10.0 Detailed Error - 404.0</title></head></html>"


def of_many(case: Case, objects: int) -> Case:
    return replace(case, affected=Affected(events=objects, objects=objects))


def beside_successes(case: Case) -> Case:
    return replace(case, successes=5)


def read_before(case: Case) -> Case:
    """The same failure, where Entra had just read the object from the app."""
    assert case.event is not None
    step = ProvisioningStep(
        name="EntryImport",
        provisioning_step_type="matching",
        status="success",
        details={"id": "u1"},
    )
    return on(replace(case.event, provisioning_steps=(step,)))


def updated(status: int, body: Any = "", **properties: Any) -> Case:
    return failed("update", status, body, properties=properties or TITLE)


def grouped(status: int, body: Any, members: tuple[str | None, str | None]) -> Case:
    return failed("update", status, body, group=True, properties={"members": members})


def told(case: Case) -> tuple[str, Confidence, set[str]]:
    found = diagnose_case(case)
    return found.cause, found.confidence, {a.cause for a in found.alternatives}


SEVERAL_FIT: tuple[tuple[str, Case, str, set[str]], ...] = (
    ("404 to one PATCH", updated(404), "target-changed-outside-entra", {"patch-method-missing"}),
    ("404 to every PATCH", of_many(updated(404), 20), "patch-method-missing", {"target-changed-outside-entra"}),
    ("404 to a PATCH of what was read", read_before(updated(404)), "patch-method-missing", {"target-changed-outside-entra"}),
    ("a page beside successes", beside_successes(failed("create", 404, PAGE)), "endpoint-unreachable-or-blocked", {"tenant-url-wrong"}),
    ("an invalid value", failed("create", 400, scim("Invalid value", "invalidValue")), "value-not-allowed-by-app", {"required-attribute-empty-in-source", "over-strict-validation"}),
    ("a conflict by its code", on(event("create", "Entry conflict", code="ContosoEntryConflict")), "existing-account-not-matchable", {"matching-attribute-misconfigured"}),
    ("a bare 401", failed("create", 401), "token-expired-or-revoked", {"secret-token-unusable", "auth-scheme-unsupported"}),
    ("a bare 401 beside successes", beside_successes(failed("delete", 401)), "token-expired-or-revoked", {"secret-token-unusable"}),
    ("no answer in time", on(event("create", "The operation has timed out.", code="Timeout")), "endpoint-too-slow-or-throttled", {"endpoint-unreachable-or-blocked"}),
    ("a gateway's 504", failed("create", 504), "endpoint-too-slow-or-throttled", {"endpoint-unreachable-or-blocked"}),
    ("a scope that lacks", failed("create", 403, {"error": "insufficient_scope"}), "secret-token-unusable", {"app-prerequisite-missing"}),
    ("a rule under uniqueness", updated(409, scim("Refused by the retention policy", "uniqueness", 409)), "app-policy-refuses-change", {"existing-account-not-matchable"}),
    ("one of three paths", failed("update", 400, scim("Invalid path", "invalidPath"), properties={DEPARTMENT: ("A", "B"), WORK: (None, "a@b.c"), "displayName": ("a", "b")}), "value-path-unsupported", {"extension-urn-path-unsupported"}),
    ("the owner may not", failed("create", 403, {"error": {"message": "User Not Authorized"}}), "app-prerequisite-missing", {"app-policy-refuses-change", "token-expired-or-revoked"}),
)  # fmt: skip
"""A name, a failure, the cause that is named first, and others that must be named beside it."""


@pytest.mark.parametrize(("case", "cause", "others"), [row[1:] for row in SEVERAL_FIT], ids=[row[0] for row in SEVERAL_FIT])  # fmt: skip
def test_where_several_fit_it_is_possible_and_the_others_are_named(
    case: Case, cause: str, others: set[str]
) -> None:
    named, confidence, alternatives = told(case)
    assert (named, confidence) == (cause, POSSIBLE)
    assert others <= alternatives


ONE_FITS: tuple[tuple[str, Case, str], ...] = (
    ("SCIM does not know the user", updated(404, scim("User u1 not found", status=404)), "target-changed-outside-entra"),
    ("Express knows no PATCH", of_many(updated(404, {"message": "Cannot PATCH /scim/Users/1"}), 5), "patch-method-missing"),
    ("a page where nothing passes", failed("create", 404, PAGE), "tenant-url-wrong"),
    ("a value and its rule", failed("create", 400, scim("department must be one of Sales, HR")), "value-not-allowed-by-app"),
    ("a conflict in words", failed("create", 409, scim("userName is taken", "uniqueness", 409), code="ContosoEntryConflict"), "existing-account-not-matchable"),
    ("a job whose token worked", about(job(reason(401))), "token-expired-or-revoked"),
    ("the tunnel gave up waiting", failed("create", 524), "endpoint-too-slow-or-throttled"),
    ("the path that is told", failed("update", 400, scim("Invalid path: department", "invalidPath"), properties={DEPARTMENT: ("A", "B"), WORK: (None, "a@b.c")}), "extension-urn-path-unsupported"),
)  # fmt: skip
"""Near the cases above, but with a fact that leaves one cause."""


@pytest.mark.parametrize(("case", "cause"), [row[1:] for row in ONE_FITS], ids=[row[0] for row in ONE_FITS])  # fmt: skip
def test_where_a_fact_decides_it_is_likely(case: Case, cause: str) -> None:
    if case.job is not None:
        finished = replace(
            case.job.status, last_successful_execution=case.job.status.last_execution
        )
        case = about(replace(case.job, status=finished))
    assert told(case)[:2] == (cause, LIKELY)


def places(detail: str) -> Case:
    three = patch(
        op("Replace", "title", "x"), op("Replace", WORK, "a@b.c"), op("Add", DEPARTMENT, "D")
    )
    return patched(three, 400, scim(detail, "invalidPath"))


@pytest.mark.parametrize(
    ("detail", "cause"),
    [
        ("Invalid path for operation 2 in the PatchOp", "value-path-unsupported"),
        ("Operations[2]: invalid path", "extension-urn-path-unsupported"),
        ("Operations.1.path is invalid", "value-path-unsupported"),
        ("department: unknown path", "extension-urn-path-unsupported"),
        ("operation 1: invalid path", "mapping-targets-unsupported-attribute"),
    ],
)
def test_the_answer_tells_which_operation(detail: str, cause: str) -> None:
    assert told(places(detail))[0] == cause


def test_a_count_of_operations_tells_no_place() -> None:
    assert told(places("Invalid path in one of 3 operations"))[1] is POSSIBLE


REFERENCES: tuple[tuple[str, Case, str], ...] = (
    ("a member that was sent", grouped(404, scim("Resource 8f1d not found", status=404), (None, "8f1d")), "reference-unresolvable"),
    ("the group itself", grouped(404, scim("Resource g1-77 not found", status=404), (None, "8f1d")), "target-changed-outside-entra"),
    ("a manager that was sent", updated(404, scim("Resource 8f1d not found", status=404), **{MANAGER: (None, "8f1d")}), "reference-unresolvable"),
    ("a manager's shape", updated(400, scim("Value '8f1d' of manager must be an object"), **{MANAGER: (None, "8f1d")}), "manager-value-shape"),
    ("a manager that was removed", updated(400, scim("Invalid value for manager"), **{MANAGER: ("8f1d", None)}), "manager-value-shape"),
    ("a manager set to null", patched(patch({"op": "Replace", "path": MANAGER, "value": None}), 400, scim("manager not found")), "manager-value-shape"),
    ("a manager unknown", updated(400, scim("manager not found"), **{MANAGER: (None, "8f1d")}), "reference-unresolvable"),
    ("a member that is there", grouped(400, scim("8f1d is already a member"), (None, "8f1d")), "non-idempotent-write"),
    ("too many members", grouped(400, scim("Too many members", "invalidValue"), (None, "8f1d")), "value-not-allowed-by-app"),
)  # fmt: skip
"""What was sent, and what the answer says of it, together tell the cause."""


@pytest.mark.parametrize(("case", "cause"), [row[1:] for row in REFERENCES], ids=[row[0] for row in REFERENCES])  # fmt: skip
def test_the_ids_and_values_that_were_sent_are_looked_at(case: Case, cause: str) -> None:
    assert told(case)[0] == cause


def test_what_the_export_step_lists_was_sent() -> None:
    step = ProvisioningStep(
        name="EntryExportUpdate",
        provisioning_step_type="export",
        status="failure",
        details={'addresses[type eq "work"]locality': "Berlin"},
    )
    made = event(
        "update", reason(400, scim("The path is not valid.", "invalidPath")), steps=(step,)
    )
    assert told(on(made))[0] == "value-path-unsupported"
    bare = failed("update", 400, scim("The path is not valid.", "invalidPath"))
    assert told(bare)[0] != "value-path-unsupported"


def test_entras_own_fault_is_not_the_apps() -> None:
    own = on(event("create", "An internal error occurred.", code="InternalError"))
    assert told(own)[:2] == ("entra-service-fault", LIKELY)
    assert diagnose_case(own).fixed_by == "wait"
    apps = failed("create", 500, "An internal error occurred.", code="InternalServerError")
    assert told(apps)[0] == "unhandled-exception-500"


def test_an_operation_in_lower_case_is_not_minded_for_its_case() -> None:
    add = patch(op("Add", "displayName", "x"))
    assert (
        told(patched(add, 400, scim("unsupported operation add")))[0] == "patch-add-not-supported"
    )
    assert (
        told(patched(add, 400, scim("unsupported operation Add")))[0] == "patch-op-case-sensitive"
    )
    listed_ = scim("unsupported operation, must be one of add, replace, remove")
    assert told(patched(add, 400, listed_))[0] == "patch-op-case-sensitive"


def test_a_read_after_a_refused_create_shows_what_the_filter_missed() -> None:
    find = '/Users?filter=userName eq "{}"'
    miss = exchange("GET", find.format("Ada@example.com"), 200, listed(), id_="h1")
    create = exchange(
        "POST", "/Users", 409, "taken", sent={"userName": "Ada@example.com"}, id_="h2"
    )
    hit = exchange("GET", find.format("ada@example.com"), 200, listed(user()), id_="h3")
    assert told(seen(miss, create, hit))[0] == "filter-case-sensitive"
    assert told(seen(miss, create))[0] == "filter-misses-existing"


def test_a_disabling_clashes_with_nothing() -> None:
    disabling = failed("disable", 409, scim("Frozen", "uniqueness", 409), properties={"active": ("True", "False")})  # fmt: skip
    renaming = updated(409, scim("Frozen", "uniqueness", 409), userName=("a", "b"))
    assert told(disabling)[0] == "app-policy-refuses-change"
    assert told(renaming)[0] == "existing-account-not-matchable"


def test_an_array_where_a_list_is_due_is_seen_in_the_log_too() -> None:
    def tested(content: str) -> Diagnosis:
        text = (
            "Received response from Web resource. Resource: https://app.example/scim/Users?filter="
            'userName+eq+"x" Operation: GET Response Status Code: OK Response Headers: '
            f"Response Content: {content}"
        )
        return diagnose_case(about(job(text)))

    assert tested("[]").cause == "list-response-malformed"
    good = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":0,"Resources":[]}'
    assert tested(good).cause != "list-response-malformed"


def test_every_cause_says_what_tells_it_apart() -> None:
    assert set(TOLD_BY) == {cause.rule.id for cause in ALL_CAUSES} - {"unknown-cause"}
    assert not any(text.endswith(".") for text in TOLD_BY.values())


def test_what_tells_them_apart_is_said_where_several_fit() -> None:
    found = diagnose_case(failed("create", 401))
    for cause in (found.cause, *(a.cause for a in found.alternatives)):
        assert f"{cause} if {TOLD_BY[cause]}" in found.explanation
    alone = diagnose_case(failed("update", 405))
    assert "tells them apart" not in alone.explanation


def test_only_the_usual_causes_leave_a_case_open() -> None:
    assert is_open(facts_of(failed("create", 400, scim("Das Feld Abteilung ist erforderlich"))))
    assert not is_open(facts_of(failed("create", 400, scim("department is required"))))


def test_an_own_id_in_the_answer_is_no_reference() -> None:
    made = event("update", reason(404, scim("Resource 8f1d not found", status=404)), group=True, properties={"members": (None, "8f1d")})  # fmt: skip
    same = replace(made, target_identity=ProvisionedIdentity(id="8f1d", identity_type="Group"))
    assert told(on(made))[0] == "reference-unresolvable"
    assert told(on(same))[0] == "target-changed-outside-entra"
    removed = patch(op("Remove", "members", [{"value": "8f1d"}]))
    absent = seen(exchange("PATCH", "/Groups/g1", 404, scim("Resource 8f1d not found", status=404), sent=removed))  # fmt: skip
    assert told(absent)[0] == "non-idempotent-write"
    assert told(patched(DISABLE, 404, scim("User u1 not found", status=404)))[0] == "target-changed-outside-entra"  # fmt: skip


def test_a_page_to_a_job_that_worked_does_not_make_its_address_likely_wrong() -> None:
    first = about(job(reason(404, PAGE)))
    assert told(first)[:2] == ("tenant-url-wrong", LIKELY)
    assert first.job is not None
    worked = replace(first.job.status, last_successful_execution=first.job.status.last_execution)
    later = about(replace(first.job, status=worked))
    assert told(later)[:2] == ("tenant-url-wrong", POSSIBLE)
