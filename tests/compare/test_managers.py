"""Managers in a comparison of everybody: read in bulk, joined by the app's ids."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.compare import managers
from scimdoctor.compare.everyone import compare_everyone
from scimdoctor.compare.managers import judge_manager
from scimdoctor.compare.object_index import Reporting
from scimdoctor.graph.synchronization import parse_schema
from scimdoctor.model.comparison import AttributeVerdict as Verdict
from scimdoctor.progress import SILENT
from scimdoctor.scim import urns
from tests.fakes.events import load

if TYPE_CHECKING:
    from scimdoctor.compare.one import BothEnds
    from scimdoctor.compare.outcome import EveryoneCompared
    from scimdoctor.lab.http import LabRequest, LabResponse
    from tests.fakes.company import Company

MANAGER = f"{urns.ENTERPRISE_USER}:manager"


def everyone(ends: BothEnds) -> EveryoneCompared:
    return compare_everyone(ends, progress=SILENT)


def with_sources(ends: BothEnds, *, manager: bool = True) -> BothEnds:
    schema = load("synchronization-schema-custom-app.json")
    users = schema["synchronizationRules"][0]["objectMappings"][1]
    if not manager:
        users["attributeMappings"] = [
            m for m in users["attributeMappings"] if m["targetAttributeName"] != MANAGER
        ]
    return replace(ends, schema=parse_schema(schema))


def staffed(company: Company, held: dict[str, Any]) -> dict[str, str]:
    """The boss of everybody, and in the app each one of `held` with that manager."""
    boss = company.hire("boss")
    ids = {"boss": company.provision("boss")}
    for name, manager in held.items():
        company.tenant.managers[company.hire(name)] = boss
        shown = ids.get(manager, manager) if isinstance(manager, str) else manager
        extension: dict[str, Any] = {"department": "Marketing"}
        if shown is not None:
            extension["manager"] = {"value": shown}
        ids[name] = company.provision(name, **{urns.ENTERPRISE_USER: extension})
    return ids


def differing(found: EveryoneCompared) -> dict[str, tuple[str, Verdict]]:
    return {
        c.object.partition("@")[0]: (a.attribute, a.verdict)
        for c in found.comparisons
        for a in c.attributes
    }


@pytest.mark.parametrize("most_by_id", [0, 2000])
def test_managers_are_joined_by_the_app_s_ids(
    company: Company, ends: BothEnds, monkeypatch: pytest.MonkeyPatch, most_by_id: int
) -> None:
    monkeypatch.setattr(managers, "_MOST_BY_ID", most_by_id)
    staffed(company, {"ada": "boss", "bob": "ada", "cas": None})
    fay = company.provision("fay", **{urns.ENTERPRISE_USER: {"manager": {"value": "x"}}})
    company.hire("fay", department="Marketing", mail="other@example.com")
    found = everyone(ends)
    assert differing(found) == {
        "bob": (MANAGER, Verdict.DIFFERS),
        "cas": (MANAGER, Verdict.MISSING_IN_APP),
        "fay": (MANAGER, Verdict.DIFFERS),
    }
    both = next(c for c in found.comparisons if c.target_id == fay)
    assert {a.attribute for a in both.attributes} >= {MANAGER, f"{urns.ENTERPRISE_USER}:department"}
    assert found.is_whole
    asked = [r.url.path.rpartition("/")[2] for r in company.microsoft.requests]
    assert asked.count("$batch") == (1 if most_by_id else 0)


def test_manager_who_is_not_in_the_app_is_said_not_guessed(
    company: Company, ends: BothEnds
) -> None:
    ada, boss = company.hire("ada"), company.hire("boss", assigned=False)
    company.tenant.managers[ada] = boss
    company.provision("ada")
    found = everyone(ends)
    assert found.comparisons == []
    assert "of 1 people the manager was not found in the app" in " ".join(found.notes())


def test_many_are_asked_for_in_batches_of_twenty(company: Company, ends: BothEnds) -> None:
    boss = company.hire("boss")
    company.provision("boss")
    for number in range(45):
        company.tenant.managers[company.hire(f"p{number}")] = boss
        company.provision(f"p{number}")
    found = everyone(ends)
    assert {v for _, v in differing(found).values()} == {Verdict.MISSING_IN_APP}
    assert len(found.comparisons) == 45
    batches = [r for r in company.microsoft.requests if r.url.path.endswith("/$batch")]
    sizes = [len(json.loads(r.content)["requests"]) for r in batches]
    assert sizes == [20, 20, 6]


def test_what_graph_refuses_within_a_batch_is_asked_again_alone(
    company: Company, ends: BothEnds, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = staffed(company, {"ada": "boss", "bob": "boss"})
    answer = company.microsoft.graph.handle

    def busy(request: LabRequest) -> LabResponse:
        response = answer(request)
        if request.path.endswith("/$batch"):
            body = json.loads(response.body)
            for one in body["responses"]:
                if one["id"] == "1":
                    one |= {"status": 429, "body": {"error": {"code": "TooManyRequests"}}}
            return replace(response, body=json.dumps(body).encode())
        return response

    monkeypatch.setattr(company.microsoft.graph, "handle", busy)
    found = everyone(ends)
    assert (found.comparisons, found.limits) == ([], [])
    alone = [r for r in company.microsoft.requests if r.url.path.endswith("/manager")]
    assert len(alone) == 1
    assert len(ids) == 3


def test_managers_that_may_not_be_read_are_a_limit(
    company: Company, ends: BothEnds, monkeypatch: pytest.MonkeyPatch
) -> None:
    staffed(company, {"ada": None})
    answer = company.microsoft.graph.handle

    def denied(request: LabRequest) -> LabResponse:
        response = answer(request)
        return replace(response, status=403) if "$batch" in request.path else response

    monkeypatch.setattr(company.microsoft.graph, "handle", denied)
    found = everyone(ends)
    assert found.comparisons == []
    assert any("managers are not compared" in limit for limit in found.limits)


def test_list_that_leaves_managers_out_makes_none_missing(company: Company, ends: BothEnds) -> None:
    staffed(company, {"ada": "boss"})
    rows = [
        {k: v for k, v in user.items() if k != urns.ENTERPRISE_USER}
        | {urns.ENTERPRISE_USER: {"department": "Marketing"}}
        for user in company.app.provider.users.values()
    ]
    company.users(*rows)
    found = everyone(ends)
    assert found.comparisons == []
    assert any("one user at a time only" in limit for limit in found.limits)


@pytest.mark.parametrize("manager", [True, False])
def test_managers_are_read_only_where_they_are_mapped(
    company: Company, ends: BothEnds, *, manager: bool
) -> None:
    staffed(company, {"ada": "boss"})
    found = everyone(with_sources(ends, manager=manager))
    assert found.is_whole
    batches = [r for r in company.microsoft.requests if r.url.path.endswith("/$batch")]
    assert bool(batches) is manager


@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        ({"value": "7"}, Verdict.SAME),
        ({"value": 7}, Verdict.SAME),
        ("7", Verdict.SAME),
        ([{"value": "7"}], Verdict.SAME),
        ({"$ref": "../Users/7"}, Verdict.SAME),
        ({"value": "8"}, Verdict.DIFFERS),
        ({"displayName": "Boss"}, Verdict.DIFFERS),
        ({"value": None, "displayName": ""}, Verdict.MISSING_IN_APP),
        ([], Verdict.MISSING_IN_APP),
        (None, Verdict.MISSING_IN_APP),
    ],
)
def test_shapes_of_a_manager(held: Any, verdict: Verdict) -> None:
    one = Reporting(
        source_id="1",
        label="ada",
        target_id="5",
        manager_id="2",
        manager_label="boss",
        manager_target_id="7",
        held=held,
        listed=False,
    )
    assert judge_manager(one, MANAGER).verdict is verdict
    nobody = replace(one, manager_id=None, manager_label=None, manager_target_id=None)
    shown = verdict is not Verdict.MISSING_IN_APP
    assert judge_manager(nobody, MANAGER).verdict is (Verdict.DIFFERS if shown else Verdict.SAME)
