"""What the log does not show is worked out from the object's values in Entra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.entra.dialect import Dialect
from scimdoctor.model.reconstruction import Provenance
from scimdoctor.replay.entra_values import Rebuilder
from tests.fakes.events import changed, custom_app_schema, event, export
from tests.fakes.microsoft import CLIENT_ID, SECRET, Microsoft, sample_tenant

if TYPE_CHECKING:
    from scimdoctor.model.provisioning import ProvisioningObjectSummary

HIDDEN = event(
    "create",
    changes=(changed("userName", "ada@example.com"), changed("title", "[Redact]")),
    steps=(export("EntryExportAdd"),),
    target_id=None,
)
CLEAR = event("create", changes=(changed("userName", "ada@example.com"),), target_id=None)


def microsoft(*permissions: str) -> Microsoft:
    from scimdoctor.lab.tenant import LabRegistration

    tenant = sample_tenant()
    if permissions:
        tenant.register(
            LabRegistration(client_id=CLIENT_ID, secret=SECRET, permissions=frozenset(permissions))
        )
    tenant.users["s1"] = {"id": "s1", "jobTitle": "Engineer", "accountEnabled": True}
    return Microsoft(tenant)


def rebuilder(tenant: Microsoft | None) -> Rebuilder:
    return Rebuilder(
        schema=custom_app_schema(),
        dialect=Dialect.DEFAULT,
        graph=tenant.connect() if tenant else None,
    )


def test_a_hidden_value_is_mapped_from_entra() -> None:
    made = rebuilder(microsoft())
    create = made.rebuild(HIDDEN).writes[0]
    assert create.request.json["title"] == "Engineer"
    assert create.provenance["title"] is Provenance.MAPPED
    (limit,) = made.limits()
    assert "they may have changed since" in limit


def test_what_the_event_shows_is_not_asked_for() -> None:
    tenant = microsoft()
    made = rebuilder(tenant)
    made.rebuild(CLEAR)
    assert tenant.requests == []
    assert made.limits() == ()


def test_without_sign_in_the_gap_is_named() -> None:
    made = rebuilder(None)
    for failing in (HIDDEN, HIDDEN):
        assert "title" not in made.rebuild(failing).writes[0].request.json
    assert made.limits() == (
        "2 events lack values that the log does not show: not signed in to the tenant: "
        "give --app instead of saved files alone",
    )


def test_without_the_permission_it_is_named() -> None:
    made = rebuilder(microsoft("ProvisioningLog.Read.All"))
    assert made.rebuild(HIDDEN).writes
    (limit,) = made.limits()
    assert limit.endswith("User.Read.All is not granted")


def test_somebody_whom_entra_forgot() -> None:
    def gone(of: ProvisioningObjectSummary) -> ProvisioningObjectSummary:
        from dataclasses import replace

        return replace(of, source_identity=replace(of.source_identity, id="s9"))

    assert rebuilder(microsoft()).rebuild(gone(HIDDEN)).writes
