"""Behaviours that public reports describe without a log: made into exchanges, and named.

Rows are called by the report's id. `OUTSIDE` lists those that leave no trace in what Entra or the
app show: questions about documentation, settings of the app, or things that never happen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.diagnosis import Case
from scimdoctor.model.exchange import FailureKind
from scimdoctor.model.provisioning import ProvisioningStep
from scimdoctor.model.synchronization import AttributeMappingSource
from tests.bench.causes import cases_file
from tests.causes.build import (
    ENTERPRISE,
    about,
    event,
    exchange,
    group,
    job,
    listed,
    on,
    op,
    patch,
    reason,
    schema,
    scim,
    seen,
    user,
)
from tests.causes.test_families import (
    ADD_MEMBER,
    DISABLE,
    MANAGER,
    REMOVE_MEMBER,
    WORK,
    asked,
    failed,
    patched,
    sent,
)

if TYPE_CHECKING:
    from scimdoctor.model.synchronization import SynchronizationSchema

TWO = [{"value": "u1"}, {"value": "u2"}]
ROLE = op("Add", "roles", [{"value": '{"id":"1","value":"Admin","displayName":"Admin"}'}])
STREET = op("Add", 'addresses[type eq "work"].streetAddress', "x")
CITY = op("Add", 'addresses[type eq "work"].locality', "y")
DOTTED = patch(op("replace", None, {"name.familyName": "b", "name.formatted": "a b"}))
CONSTANT = AttributeMappingSource(type="Constant", expression='"Member"')
NESTED = ProvisioningStep(
    name="EntrySynchronizationScoping",
    provisioning_step_type="scoping",
    status="skipped",
    details={"Assigned to the application": "False", "Active in the source system": "True"},
)


def groups_then(answer_status: int, before: object, after: object) -> Case:
    """A group read, one member removed, the group read again."""
    return seen(
        exchange("GET", "/Groups/g1", 200, before, id_="h1"),
        exchange("PATCH", "/Groups/g1", answer_status, sent=REMOVE_MEMBER, id_="h2"),
        exchange("GET", "/Groups/g1", 200, after, id_="h3"),
    )


def added_twice() -> Case:
    """Two additions to one group, of which one is lost."""
    return seen(
        exchange("PATCH", "/Groups/g1", 204, sent=ADD_MEMBER, id_="h1"),
        exchange("PATCH", "/Groups/g1", 204, sent=patch(op("Add", "members", TWO[1:])), id_="h2"),
        exchange("GET", "/Groups/g1", 200, group(members=TWO[1:]), id_="h3"),
    )


def acting(flow_types: str) -> SynchronizationSchema:
    """A user mapping with only some of the target object actions."""
    made = schema("userName", "active")
    (rule,) = made.synchronization_rules
    (mapping,) = rule.object_mappings
    limited = replace(mapping, flow_types=flow_types)
    return replace(made, synchronization_rules=(replace(rule, object_mappings=(limited,)),))


def read_back(body: object, *, old: object = None, new: object) -> Case:
    """A user read, changed, and read again."""
    first = (exchange("GET", "/Users/u1", 200, old, id_="h1"),) if old is not None else ()
    return seen(
        *first,
        exchange("PATCH", "/Users/u1", 204, sent=body, id_="h2"),
        exchange("GET", "/Users/u1", 200, new, id_="h3"),
    )


BEHAVIOURS: dict[str, tuple[str, Case]] = {
    "aad-refcode-10": ("members-remove-value-not-understood", groups_then(204, group(members=TWO), group(members=[]))),
    "airbyte-84388": ("value-not-allowed-by-app", failed("create", 400, scim("Email domain example.org is not a verified domain", "invalidValue"))),
    "astronomer-2640": ("needs-scim-compliance-flag", failed("update", 400, scim("use the aadOptscim062020 flag"))),
    "aws-idc-clear-attr": ("cleared-attribute-not-sent", on(event("update", status="success", properties={"title": ("Engineer", "")}))),
    "azure-docs-17504": ("token-expired-or-revoked", failed("update", 401, {"error": "invalid_token", "error_description": "The access token expired"})),
    "azure-docs-30826": ("members-remove-value-not-understood", groups_then(204, group(members=TWO), group(members=[]))),
    "azure-docs-33506": ("tenant-url-wrong", asked('/Users?filter=userName eq "x@y.z"', 404, "<html><title>404</title></html>")),
    "azure-docs-60316": ("write-response-wrong", seen(exchange("PATCH", "/Users/u1", 200, user(displayName="a"), sent=patch(op("Replace", "displayName", "b")), id_="h1"), exchange("GET", "/Users/u1", 200, user(displayName="b"), id_="h2"))),
    "azure-docs-95437": ("groups-endpoint-missing", about(job("An HTTP/404 Not Found response was returned rather than the expected HTTP/200 OK response", code="SystemForCrossDomainIdentityManagementServiceIncompatible"))),
    "budibase-17628": ("existing-account-not-matchable", failed("create", 409, scim("User already exists", "uniqueness", 409))),
    "buildbuddy-5774": ("list-response-malformed", asked('/Users?filter=userName eq "x@y.z"', 200, {"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "Resources": None})),
    "byoa-24": ("patch-op-case-sensitive", sent("PATCH", "/Groups/g1", ADD_MEMBER, 400, scim("'Add' is not a supported operation"))),
    "byoa-26": ("scoping-misconfigured", on(event("other", "skipped", status="skipped", steps=(NESTED,)))),
    "byoa-28": ("duplicate-create-not-409", failed("create", 500, scim("The user already exists", status=500))),
    "chainguard-externalid": ("sso-identity-conflict", failed("update", 400, scim("externalId does not match the SSO identity"))),
    "cloudflare-29656": ("mapping-missing-attribute", Case(schema=schema("userName", "displayName"))),
    "datadog-31059": ("needs-scim-compliance-flag", failed("update", 400, scim("enable SCIM compliance mode"))),
    "datadog-37670": ("role-mapping-wrong", Case(schema=schema("userName", "active", "roles"))),
    "datadog-39290": ("tenant-url-wrong", asked('/Users?filter=userName eq "x@y.z"', 200, "<!doctype html><title>Sign in</title>", media="text/html")),
    "entra-docs-215": ("roles-json-string-shape", patched(patch(ROLE), 400, scim("roles.id is not a string", "invalidValue"))),
    "entra-docs-391": ("role-mapping-wrong", Case(schema=schema("userName", "active", 'roles[primary eq "True"].type', source=None))),
    "fleet-44419": ("scoping-misconfigured", on(event("other", "skipped", status="skipped", steps=(NESTED,)))),
    "fleet-50724": ("concurrent-member-update-lost", added_twice()),
    "fleet-53715": ("mapping-missing-attribute", Case(event=event("create", reason(400, scim("department is required"))), schema=schema("userName", "active"))),
    "fusionauth-1769": ("response-content-type-wrong", asked('/Users?filter=userName eq "x@y.z"', 200, listed(), media="application/json+scim;charset=UTF-8")),
    "gitlab-34880": ("sso-identity-conflict", failed("update", 400, scim("extern_uid differs from the SAML NameID"))),
    "go-scim-46": ("patch-op-case-sensitive", patched(patch(op("Replace", "displayName", "x")), 400, scim("invalid operation 'Replace'"))),
    "gravitee-4408": ("value-path-unsupported", patched(patch(op("Replace", WORK, "x")), 400, scim("Invalid path", "invalidPath"))),
    "infisical-6471-concurrent": ("concurrent-member-update-lost", added_twice()),
    "infisical-6471-idem": ("non-idempotent-write", sent("PATCH", "/Groups/g1", patch(op("remove", 'members[value eq "u1"]')), 404, scim("Member not found", status=404))),
    "infisical-6525": ("excluded-attributes-ignored", asked('/Groups?excludedAttributes=members&filter=displayName eq "Staff"', 200, listed(group(members=TWO)))),
    "keycloak-110": ("unknown-cause", failed("update", 400, "Bad Request")),
    "keycloak-119": ("boolean-string-rejected", patched(DISABLE, 400, scim("'False' is no boolean"))),
    "keycloak-31": ("patch-accepted-not-applied", sent("PATCH", "/Groups/g1", patch(op("add", "members", [{"value": "u1"}])), 200)),
    "keycloak-78": ("endpoint-too-slow-or-throttled", asked('/Users?filter=userName eq "AzureAD_Test-bdd952ba-be0b-47d4-b4c9-be5afee16d2d"', FailureKind.TIMEOUT)),
    "keycloak-52752": ("patch-accepted-not-applied", seen(exchange("GET", "/Groups/g1", 200, group(members=TWO[:1]), id_="h1"), exchange("PATCH", "/Groups/g1", 204, sent=patch(op("replace", "members", TWO[1:])), id_="h2"), exchange("GET", "/Groups/g1", 200, group(members=TWO), id_="h3"))),
    "learnqa-2259279": ("change-not-detected", Case(schema=acting("Add"))),
    "kiro-10711": ("immutable-attribute-refused", failed("update", 400, scim("externalId is immutable", "mutability"))),
    "langwatch-6972": ("patch-op-case-sensitive", patched(DISABLE, 400, {"issues": [{"path": ["Operations", 0, "op"], "message": "Invalid option: expected one of \"add\"|\"remove\"|\"replace\""}]})),
    "langwatch-6974": ("attribute-not-stored-or-returned", sent("POST", "/Users", {"userName": "a", "externalId": "7"}, 201, user(userName="a"))),
    "laravel-scim-8": ("request-content-type-refused", sent("POST", "/Users", user(), 400, scim("The content-type header should be set to application/scim+json"))),
    "learnqa-1345734": ("over-strict-validation", sent("PATCH", "/Groups/g1", ADD_MEMBER, 400, scim("members.display is required"))),
    "learnqa-1656815": ("custom-attribute-definition-invalid", Case(schema=schema("userName", "active", "urn:ietf:params:scim:schemas:extension:contoso:2.0:User:name.firstName"))),
    "learnqa-79463": ("matching-attribute-misconfigured", on(event("create", "Several users have this matching value", code="DuplicateSourceEntries"))),
    "limosa-34": ("value-path-unsupported", patched(patch(op("Replace", WORK, "x"), op("Add", f"{ENTERPRISE}:department", "R")), 500, scim('Replace is not implemented for "emails.value"', status=500))),
    "metatavu-46": ("filter-not-selective", asked('/Groups?excludedAttributes=members&filter=displayName eq "a"', 200, listed(group(displayName="a"), group(id="g2", displayName="b")))),
    "oneuptime-3852": ("patch-accepted-not-applied", read_back(DISABLE, new=user(active=True))),
    "onyx-14074": ("soft-delete-renames-user", patched(patch(op("Replace", "userName", "0123456789abcdef0123456789abcdefada@example.com")), 409)),
    "openwebui-18039": ("filter-case-sensitive", asked('/Users?filter=username Eq "ada@example.com"', 400)),
    "pingid-195": ("value-path-unsupported", patched(patch(op("Add", 'addresses[type eq "work"].country', "A")), 400, scim("Filters are not allowed in the path of an add operation", "invalidPath"))),
    "pingid-213": ("value-path-add-creates-duplicates", patched(patch(STREET, CITY), 200, user(addresses=[{"type": "work", "streetAddress": "x"}, {"type": "work", "locality": "y"}]))),
    "pingid-224": ("pathless-dotted-keys-unsupported", patched(DOTTED, 200, user(**{"name.familyName": "b", "name.formatted": "a b"}))),
    "pingid-281": ("patch-add-not-supported", patched(patch(CITY), 400, scim("Cannot add to a path that already has a value", "invalidValue"))),
    "pranems-group-filter-case": ("filter-case-sensitive", seen(exchange("GET", '/Groups?filter=displayName eq "GROUP NAME"', 200, listed(), id_="h1"), exchange("GET", '/Groups?filter=displayName eq "Group Name"', 200, listed(group(displayName="Group Name")), id_="h2"))),
    "pranems-name-merge": ("replace-clears-unsent-values", read_back(patch(op("Replace", None, {"name": {"familyName": "C"}})), old=user(name={"givenName": "A", "familyName": "B"}), new=user(name={"familyName": "C"}))),
    "pulumi-13236": ("reference-unresolvable", failed("update", 400, scim("Members [77] are not provisioned"), group=True)),
    "rancher-54869": ("filter-attribute-unsupported", asked('/Users?filter=externalId eq "7"', 400, scim("only userName and displayName filters are supported", "invalidFilter"))),
    "refcode-48": ("unhandled-exception-500", failed("update", 500, {"message": "Object reference not set to an instance of an object."})),
    "refcode-8": ("write-response-wrong", patched(patch(op("Replace", "displayName", "x")), 201, user(displayName="x"))),
    "ricoh-restart": ("target-changed-outside-entra", failed("update", 404)),
    "scim-for-keycloak-62": ("tenant-url-wrong", about(job(reason(404)))),
    "scim-patch-187": ("value-path-no-match-rejected", patched(patch(op("Add", 'addresses[type eq "work"].country', "x")), 400, scim("no match was made", "noTarget"))),
    "scim-patch-453": ("manager-value-shape", patched(patch(op("Remove", MANAGER)), 400, scim("Invalid path", "invalidPath"))),
    "scim-patch-959": ("members-remove-value-not-understood", groups_then(204, group(members=TWO), group(members=TWO))),
    "scim-sdk-114": ("manager-value-shape", patched(patch(op("remove", MANAGER)), 200)),
    "scim-sdk-516": ("roles-json-string-shape", patched(patch(ROLE), 400, scim("Value of roles is invalid", "invalidValue"))),
    "scim-sdk-missing-ext": ("over-strict-validation", sent("POST", "/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE], "userName": "x"}, 400, scim("Schema violates: referenced schema is missing in the document"))),
    "scim2-models-55": ("patch-op-case-sensitive", patched(patch(op("Replace", "userName", "x@y.z")), 422, {"detail": [{"type": "enum", "loc": ["body", "Operations", 0, "op"], "msg": "Input should be 'add', 'remove' or 'replace'"}]})),
    "scimgateway-22": ("request-content-type-refused", sent("POST", "/Users", user(), 415)),
    "scimitar-117": ("list-response-malformed", asked("/Schemas", 200, [{"id": "urn"}])),
    "scimitar-123": ("pathless-dotted-keys-unsupported", patched(DOTTED, 400, scim("Invalid attribute name.familyName", "invalidSyntax"))),
    "scimitar-59": ("response-content-type-wrong", asked('/Users?filter=userName eq "x@y.z"', 200, listed(), media="text/plain")),
    "scimitar-69": ("pathless-dotted-keys-unsupported", patched(DOTTED, 500)),
    "scimmy-57": ("attribute-not-stored-or-returned", sent("POST", "/Users", {"userName": "a", "externalId": "7"}, 201, user(userName="a"))),
    "servicenow-enterprise-ext": ("attribute-not-stored-or-returned", sent("POST", "/Users", {"userName": "a", ENTERPRISE: {"department": "R"}}, 201, user(userName="a"))),
    "simpleidserver-164": ("members-remove-value-not-understood", groups_then(204, group(members=TWO), group(members=[]))),
    "simpleidserver-280": ("patch-add-not-supported", patched(patch(op("Add", "externalId", "7")), 400, scim("attribute externalId is not defined in the schema", "invalidPath"))),
    "simpleidserver-808": ("value-path-add-creates-duplicates", patched(patch(STREET, CITY), 204)),
    "skillsdb-manager-removed": ("cleared-attribute-not-sent", on(event("update", status="success", properties={MANAGER: ("7", None)}))),
    "snipeit-11659": ("mapping-targets-unsupported-attribute", failed("create", 400, scim('Write is not implemented for "nickName"'))),
    "snipeit-14708": ("mapping-targets-unsupported-attribute", failed("create", 400, scim("Unknown attribute: userType"))),
    "snowflake-private-link": ("endpoint-unreachable-or-blocked", about(job("No such host is known. (account.privatelink.example.com:443)"))),
    "so-52840348": ("patch-value-shape-rejected", patched(patch(op("Replace", "name.givenName", [{"$ref": None, "value": "x"}])), 400)),
    "sourcegraph-49119": ("value-path-no-match-rejected", patched(patch(op("replace", WORK, "x"), op("add", 'emails[type eq "home"].value', "y")), 400, scim("no element matches", "noTarget"))),
    "sourcegraph-49200": ("value-path-no-match-rejected", patched(patch(op("replace", WORK, "x")), 400, scim("The filter did not match any values", "noTarget"))),
    "sourcegraph-49325": ("disabled-user-not-returned", seen(exchange("PATCH", "/Users/u1", 204, sent=DISABLE, id_="h1"), exchange("GET", "/Users/u1", 404, id_="h2"))),
    "ssoready-164": ("replace-clears-unsent-values", read_back(patch(op("Replace", "userName", "new@example.com")), old=user(), new=user(userName="new@example.com", active=False))),
    "ssoready-232": ("filter-not-selective", asked('/Groups?filter=displayName eq "asdf"', 200, listed(group(), group(id="g2")))),
    "suna-7297-active": ("patch-accepted-not-applied", read_back(DISABLE, new=user(active=True))),
    "suna-7297-lookup": ("filter-misses-existing", seen(exchange("GET", '/Users?filter=userName eq "ada@example.com"', 200, listed(), id_="h1"), exchange("GET", "/Users/u1", 200, user(), id_="h2"))),
    "suna-7297-members": ("members-remove-value-not-understood", groups_then(204, group(members=TWO), group(members=[]))),
    "windmill-10081": ("auth-scheme-unsupported", about(job("The authorization code grant is retired for this connector."))),
    "wso2-8498": ("endpoint-too-slow-or-throttled", seen(exchange("GET", '/Groups?excludedAttributes=members&filter=displayName eq "Staff"', 200, listed(group()), milliseconds=45_000))),
    "zitadel-9282": ("patch-op-case-sensitive", patched(patch(op("Replace", "displayName", "x")), 400, scim("unknown op Replace", "invalidSyntax"))),
}  # fmt: skip

OUTSIDE = {
    "azure-docs-57965": "nothing is sent, so nothing is logged",
    "azure-docs-73017": "a question about a setting that Entra did not offer then",
    "azure-docs-73841": "a mistake in a documentation page",
    "azure-docs-90425": "an audit entry outside the provisioning log",
    "learnqa-1184563": "how the app keeps its users",
    "learnqa-2278290": "the app was edited by hand; nothing is sent or logged",
    "learnqa-5646806": "a question about when DELETE comes",
    "learnqa-6670": "a question about when DELETE comes",
    "learnqa-923479": "a question about why the filter is sent",
    "snipeit-19493": "the report itself does not establish the cause",
}


def test_a_mapping_that_updates_is_not_blamed() -> None:
    assert diagnose_case(Case(schema=acting("Add, Update"))).cause == "unknown-cause"


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_the_behaviour_is_named(name: str) -> None:
    cause, case = BEHAVIOURS[name]
    assert diagnose_case(case).cause == cause


def test_every_report_without_a_log_is_here_or_said_to_be_outside() -> None:
    import json

    path = cases_file()
    if not path.is_file():
        pytest.skip("the public reports are not here; set SCIMDOCTOR_CASES")
    reports = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    bare = {r["id"]: r["expected_cause"] for r in reports if not any((r["input"] or {}).values())}
    assert set(bare) == set(BEHAVIOURS) | set(OUTSIDE)
    assert all(BEHAVIOURS[i][0] == cause for i, cause in bare.items() if i in BEHAVIOURS)
