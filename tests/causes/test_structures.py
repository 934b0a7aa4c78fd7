"""What was sent, the status and the step tell beside an answer's words; each with a near miss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scimdoctor.causes.engine import diagnose_case
from tests.causes.build import (
    ENTERPRISE,
    Pair,
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
    tells_apart,
    user,
)
from tests.causes.test_families import DISABLE, WORK, failed, patched

if TYPE_CHECKING:
    from scimdoctor.model.diagnosis import Case

ROLE = 'roles[primary eq "True"].value'
SWITCH = {"active": ("True", "False")}
NAMED = {"displayName": ("a", "b")}


def created(detail: str, **attributes: str) -> Case:
    listed_ = {name: (None, value) for name, value in attributes.items()}
    return failed("create", 400, scim(detail, "invalidValue"), properties=listed_)


def deleted(answer: object) -> Case:
    gone = exchange("DELETE", "/Users/u1", 204, "", id_="h1")
    return seen(gone, exchange("GET", "/Users/u1", 200, answer, id_="h2"))


PAIRS: dict[str, Pair] = {
    "the error's type against the words": (
        "app-policy-refuses-change",
        failed("update", 400, scim("OWNER cannot be assigned", "noTarget"), properties={ROLE: (None, "OWNER")}),
        "value-path-no-match-rejected",
        failed("update", 400, scim("No such element", "noTarget"), properties={WORK: (None, "a@b.c")}),
    ),
    "a role that the app does not have": (
        "role-mapping-wrong",
        failed("create", 400, scim("Role 'msiam_access' does not exist"), properties={"userName": (None, "a"), "roles": (None, "msiam_access")}),
        "app-prerequisite-missing",
        failed("create", 400, scim("Role 'provisioner' does not exist"), properties={"userName": (None, "a"), "roles": (None, "msiam_access")}),
    ),
    "tooMany beside words of an attribute": (
        "app-policy-refuses-change",
        failed("update", 400, scim("A team may have at most 500 members", "tooMany"), group=True, properties={"members": (None, "m501")}),
        "filter-not-selective",
        failed("create", 400, scim("Too much was found", "tooMany")),
    ),
    "a list under title is of the attribute": (
        "required-attribute-empty-in-source",
        failed("update", 400, {"title": ["This field may not be null."]}, properties={"title": ("a", None)}),
        "app-policy-refuses-change",
        failed("update", 403, {"title": "Administrators are not changed here."}, properties={"title": ("a", "b")}),
    ),
    "the challenge beside a body": (
        "auth-scheme-unsupported",
        about(job('Response Status Code: Unauthorized Response Headers: WWW-Authenticate: Basic realm="x"\r\nResponse Content: {"detail": "Not authenticated."}')),
        "token-expired-or-revoked",
        about(job('Response Status Code: Unauthorized Response Headers: WWW-Authenticate: Bearer realm="x"\r\nResponse Content: {"detail": "Not authenticated."}')),
    ),
    "a standard's form": (
        "value-not-allowed-by-app",
        failed("update", 400, scim("phoneNumbers[0].value: must be E.164", "invalidValue"), properties={'phoneNumbers[type eq "work"].value': ("1", "2")}),
        "value-path-unsupported",
        failed("update", 400, scim("phoneNumbers[0].value: bad path", "invalidPath"), properties={'phoneNumbers[type eq "work"].value': ("1", "2")}),
    ),
    "mutability of active": (
        "app-policy-refuses-change",
        failed("disable", 403, scim("the instance owner stays active", "mutability", 403), properties=SWITCH),
        "immutable-attribute-refused",
        failed("update", 400, scim("userName stays as it is", "mutability"), properties={"userName": ("a", "b")}),
    ),
    "mutability with 403 is of the object": (
        "app-policy-refuses-change",
        failed("update", 403, scim("This person is an Owner.", "mutability", 403), properties=NAMED),
        "immutable-attribute-refused",
        failed("update", 400, scim("Changes are made elsewhere.", "mutability"), properties=NAMED),
    ),
    "a foreign key at a delete": (
        "unhandled-exception-500",
        failed("delete", 500, {"error": 'violates foreign key constraint "orders_user"'}),
        "reference-unresolvable",
        failed("update", 500, {"error": 'violates foreign key constraint "members_user"'}, group=True),
    ),
    "a rule of domains, whatever the path's shape": (
        "value-not-allowed-by-app",
        failed("update", 400, scim("Only addresses at proven domains are set", "invalidValue"), properties={WORK: ("a", "b")}),
        "value-path-unsupported",
        failed("update", 400, scim("Invalid request"), properties={WORK: ("a", "b")}),
    ),
    "an attribute that was not sent": (
        "required-attribute-empty-in-source",
        created("a person is known by displayName", userName="ada"),
        "value-not-allowed-by-app",
        created("a person is known by displayName", userName="ada", displayName="Ada"),
    ),
    "a word that is no attribute's name": (
        "value-not-allowed-by-app",
        created("We don't allow addresses at that domain", userName="ada"),
        "required-attribute-empty-in-source",
        created("We go by name.familyName here", userName="ada"),
    ),
    "nobody needs a licence to leave": (
        "app-policy-refuses-change",
        failed("disable", 403, scim("ada holds the billing contract", None, 403), properties=SWITCH),
        "app-prerequisite-missing",
        failed("create", 403, scim("the billing contract has ended", None, 403)),
    ),
    "a plan in numbers": (
        "app-prerequisite-missing",
        failed("create", 403, scim("Your plan allows 25 members", None, 403)),
        "app-policy-refuses-change",
        failed("create", 403, scim("Your planning allows no members", None, 403)),
    ),
    "a filter in the answer to a create": (
        "filter-attribute-unsupported",
        failed("create", 400, scim('only: userName eq "value"')),
        "value-path-unsupported",
        failed("update", 400, scim('unsupported patch path emails[type eq "work"].value', "invalidPath")),
    ),
    "FluentValidation's names": (
        "value-not-allowed-by-app",
        failed("create", 400, {"errors": [{"propertyName": "PhoneNumbers[0].Value", "errorMessage": "is not in the correct format"}]}),
        "required-attribute-empty-in-source",
        failed("create", 400, {"errors": [{"propertyName": "Name.FamilyName", "errorMessage": "must not be empty"}]}),
    ),
    "Rails' strong parameters": (
        "mapping-targets-unsupported-attribute",
        failed("create", 400, {"error": "found unpermitted parameter: :nickName"}),
        "required-attribute-empty-in-source",
        failed("create", 400, {"error": "param is missing or the value is empty: familyName"}),
    ),
    "an object that outlives its deletion": (
        "patch-accepted-not-applied",
        deleted(user()),
        "unknown-cause",
        deleted(user(active=False)),
    ),
    "what must be done first": (
        "app-policy-refuses-change",
        failed("update", 403, scim("Owners must be demoted in the app first", None, 403), properties=NAMED),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("name.familyName must be set")),
    ),
    "a membership is no member": (
        "app-policy-refuses-change",
        failed("update", 403, scim("This membership must be lowered before it can be changed", "mutability", 403), properties=NAMED),
        "reference-unresolvable",
        failed("update", 404, scim("This member does not exist", None, 404), group=True, properties={"members": (None, "u9")}),
    ),
    "an extension that is not registered": (
        "over-strict-validation",
        failed("create", 400, scim(f'Extension URN "{ENTERPRISE}" is not a registered extension schema', "invalidValue")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("no primary e-mail provided")),
    ),
    "an action that the app does not do": (
        "app-policy-refuses-change",
        failed("create", 501, scim("User creation via SCIM is not supported", None, 501)),
        "patch-method-missing",
        failed("update", 501, scim("Not implemented", None, 501), properties=NAMED),
    ),
    "403 of a token and of its owner": (
        "token-expired-or-revoked",
        failed("create", 403, {"error_code": "403", "message": "Invalid access token."}),
        "app-prerequisite-missing",
        failed("create", 403, {"message": "Access denied"}),
    ),
    "claimed by another organisation first": (
        "existing-account-not-matchable",
        failed("create", 409, scim("The user belongs to another organization and must be claimed before being added", None, 409)),
        "app-policy-refuses-change",
        failed("update", 409, scim("The user must be released before being changed", None, 409), properties=NAMED),
    ),
}  # fmt: skip
"""A name, then twice a cause and the failure that must lead to it."""


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_names_it_and_not_its_near_miss(name: str) -> None:
    tells_apart(PAIRS[name])


def test_a_read_by_id_that_fails_leaves_two_causes() -> None:
    case = seen(exchange("GET", "/Users/u1", 404, scim("User not found", status=404)))
    found = diagnose_case(case)
    assert found.cause == "target-changed-outside-entra"
    assert found.confidence == "possible"
    assert [a.cause for a in found.alternatives] == ["disabled-user-not-returned"]


def test_an_accepted_disabling_is_no_lasting_object() -> None:
    case = seen(
        exchange("PATCH", "/Users/u1", 204, "", sent=DISABLE, id_="h1"),
        exchange("GET", "/Users/u1", 200, user(active=False), id_="h2"),
    )
    assert diagnose_case(case).cause == "unknown-cause"
    hit = exchange(
        "GET", '/Users?filter=userName eq "ada@example.com"', 200, listed(user()), id_="h0"
    )
    refused = exchange(
        "PATCH", "/Users/u1", 400, scim("x"), sent=patch(op("Replace", "title", "x"))
    )
    assert diagnose_case(seen(hit, refused)).confidence == "possible"
    assert diagnose_case(on(event("update", reason(400)))).cause == "unknown-cause"
    assert diagnose_case(patched(DISABLE, 400)).confidence == "possible"
