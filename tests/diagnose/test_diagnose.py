"""Cases are put together, merged and ordered; what was not seen is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import httpx

from scimdoctor.diagnose import Evidence, Probe, diagnose, group_events, groups_of
from scimdoctor.endpoint.client import Endpoint
from scimdoctor.endpoint.credentials import NoCredentials
from scimdoctor.entra.dialect import Dialect
from scimdoctor.model.diagnosis import Confidence
from scimdoctor.model.provisioning import ProvisionedIdentity, ProvisioningObjectSummary
from scimdoctor.model.report import SignatureSummary
from tests.causes.build import NOW, event, exchange, job, op, patch, reason, schema, scim

DISABLE = patch(op("Replace", "active", "False"))


def many(
    count: int, action: str, text: str, *, prefix: str = "e"
) -> list[ProvisioningObjectSummary]:
    return [
        replace(
            event(action, text),
            id=f"{prefix}-{number}",
            activity_date_time=NOW + timedelta(minutes=number),
            source_identity=ProvisionedIdentity(id=f"{prefix}-s{number}", identity_type="User"),
        )
        for number in range(count)
    ]


def evidence(*events: ProvisioningObjectSummary) -> Evidence:
    counts, groups = group_events(events)
    return Evidence(groups=groups, counts=counts, now=NOW)


def test_one_diagnosis_for_each_cause_most_objects_first() -> None:
    few = many(2, "update", reason(405), prefix="few")
    lots = many(7, "create", reason(409, scim("already exists", "uniqueness", 409)), prefix="lot")
    found = diagnose(evidence(*few, *lots, event("update", status="success")))
    assert [d.cause for d in found.diagnoses] == [
        "existing-account-not-matchable",
        "patch-method-missing",
    ]
    affected = found.diagnoses[0].affected
    assert affected is not None
    assert (affected.events, affected.objects, len(affected.sample)) == (7, 7, 5)
    assert affected.first_seen == NOW


def test_two_signatures_of_one_cause_are_merged() -> None:
    one = many(2, "update", reason(405), prefix="a")
    other = many(3, "update", "405 MethodNotAllowed", prefix="b")
    (found,) = diagnose(evidence(*one, *other)).diagnoses
    assert found.affected is not None
    assert found.affected.objects == 5


def test_an_event_counts_once() -> None:
    counts, groups = group_events([event("update", reason(405))] * 3)
    assert counts.read == 1
    assert groups[0].affected.events == 1


def test_a_stopped_job_comes_first() -> None:
    given = replace(evidence(*many(9, "update", reason(405))), job=job(reason(401)))
    found = diagnose(given)
    assert found.diagnoses[0].cause == "token-expired-or-revoked"
    assert found.status is not None
    assert found.status.health == "quarantined"


def test_a_healthy_job_without_events_gets_a_note() -> None:
    quiet = job(status="Active")
    assert diagnose(Evidence(job=replace(quiet, status=replace(quiet.status)), now=NOW)).notes


def test_exchanges_join_the_event_they_agree_with() -> None:
    refused = exchange("PATCH", "/Users/u1", 400, sent=DISABLE)
    events = [*many(1, "update", reason(400)), *many(1, "create", reason(409), prefix="c")]
    found = diagnose(replace(evidence(*events), exchanges=(refused,)))
    assert {d.cause for d in found.diagnoses} == {
        "boolean-string-rejected",
        "existing-account-not-matchable",
    }


def test_a_har_with_several_failures_gives_several_causes() -> None:
    one = exchange("PATCH", "/Users/u1", 405, sent=DISABLE, id_="h1")
    other = exchange("GET", '/Groups?filter=displayName eq "x"', 501, id_="h2")
    found = diagnose(Evidence(exchanges=(one, other), now=NOW))
    assert {d.cause for d in found.diagnoses} == {"patch-method-missing", "groups-endpoint-missing"}


def test_what_was_not_seen_is_said() -> None:
    limits = " ".join(diagnose(evidence(event("update", reason(405)))).limits)
    assert "job was not read" in limits
    assert "mapping was not read" in limits
    assert "no --endpoint" in limits


def test_the_mapping_alone_is_looked_at() -> None:
    found = diagnose(Evidence(schema=schema("userName"), now=NOW))
    assert [d.cause for d in found.diagnoses] == ["mapping-missing-attribute"]


def test_groups_counted_elsewhere_are_taken() -> None:
    sample = event("update", reason(405))
    row = SignatureSummary(
        id="s1", status="failure", app=None, error_code=None, text="t", action="update",
        count=1000, objects=300, sample=("missing", "event-1"),
    )  # fmt: skip
    (group,) = groups_of([row], {"event-1": sample})
    assert group.affected.objects == 300
    assert groups_of([row], {}) == ()


def test_with_an_endpoint_a_suspicion_is_confirmed() -> None:
    """A server without PATCH: the check that the suspicion needs fails, so it is confirmed."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ServiceProviderConfig"):
            return httpx.Response(200, json={"patch": {"supported": False}})
        return httpx.Response(405)

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        endpoint = Endpoint(http, base_url="https://app.example/scim", auth=NoCredentials())
        probe = Probe(endpoint=endpoint, dialect=Dialect.DEFAULT, checks=())
        found = diagnose(evidence(event("update", reason(405))), probe=probe)
    assert found.replays
    assert found.diagnoses[0].cause == "patch-method-missing"
    assert found.diagnoses[0].confidence is not Confidence.POSSIBLE
    assert "writes were not allowed" in " ".join(found.limits)
