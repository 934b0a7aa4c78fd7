"""Rules in pairs: a failure that a rule must name, and one like it that it must leave alone."""

from __future__ import annotations

import json

import pytest

from scimdoctor.causes.dialects.reading import read_body
from scimdoctor.causes.dialects.remark import within_operation
from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.diagnosis import Confidence
from tests.causes.build import (
    ENTERPRISE,
    Pair,
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
    scim,
    seen,
    tells_apart,
    user,
)
from tests.causes.test_families import ADD_MEMBER, DISABLE, WORK, asked, failed, patched, sent

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_PATH = "/Groups/g1"
TWO = patch(op("Add", "members", [{"value": "41"}, {"value": "77"}]))
FIND_X = '/Users?filter=userName eq "x"'
CONFLICT = (
    exchange("GET", '/Users?filter=userName eq "ada@example.com"', 200, listed(), id_="h1"),
    exchange("POST", "/Users", 409, "taken", sent=user(), id_="h2"),
)
INVALID_VALUE = scim(
    "A required value was missing, or the value specified was not compatible with the operation "
    "or attribute type (see Section 2.2 of RFC7643), or resource schema.",
    "invalidValue",
)
"""What RFC 7644 table 9 says of the type; many libraries quote it, and mean nothing more."""

FOUND_THEN_404 = (
    exchange("GET", '/Users?filter=userName eq "ada@example.com"', 200, listed(user()), id_="h1"),
    exchange("PATCH", "/Users/u1", 404, "", sent=DISABLE, id_="h2"),
)
BARE_404 = (exchange("PATCH", "/Users/u1", 404, "", sent=DISABLE, id_="h2"),)
SHOUTED = (
    exchange("GET", '/Users?filter=userName eq "ada"', 200, listed(user(userName="ada")), id_="h1"),
    exchange("GET", '/Users?filter=userName eq "ADA"', 200, listed(), id_="h2"),
)
ANOTHER = (
    exchange("GET", '/Users?filter=userName eq "bob"', 200, listed(user(userName="bob")), id_="h1"),
    SHOUTED[1],
)
NESTED = {"id": "u1", "schemas": [USER], USER: {"userName": "x"}}
TYPES = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    "Resources": [{"id": "User", "name": "User", "endpoint": "/Users", "schema": USER}],
}

PAIRS: dict[str, Pair] = {
    "Django's nested map in detail": (
        "patch-add-not-supported",
        failed("update", 400, {"detail": {"Operations": {"op": ['"add" is not a valid choice']}}}),
        "patch-op-case-sensitive",
        failed("update", 400, {"detail": {"Operations": {"op": ['"Add" is not a valid choice']}}}),
    ),
    "JSON written into the detail": (
        "boolean-string-rejected",
        failed("disable", 400, scim(json.dumps({"active": ["Must be a valid boolean."]}))),
        "unknown-cause",
        failed("update", 400, scim("{not json at all")),
    ),
    "NestJS's list of messages": (
        "mapping-targets-unsupported-attribute",
        failed("create", 400, {"message": ["property nickName should not exist"]}),
        "over-strict-validation",
        failed("create", 400, {"message": ["property meta should not exist"]}),
    ),
    "a place inside an operation": (
        "over-strict-validation",
        failed("update", 422, {"message": [{"path": ["Operations", 0, "value", 0, "display"], "message": "Required"}]}, group=True),
        "boolean-string-rejected",
        failed("disable", 422, {"detail": [{"loc": ["body", "Operations", 0, "value"], "msg": "Input should be a valid boolean"}]}),
    ),
    "OData's message": (
        "secret-token-unusable",
        about(job('Web Response: {"odata.error":{"message":{"lang":"en","value":"ExternalSecret data is invalid."}}}')),
        "unknown-cause",
        about(job('Web Response: {"odata.error":{"message":{"lang":"en","value":"Try later."}}}')),
    ),
    "a fragment of the request in a sentence": (
        "members-remove-value-not-understood",
        on(event("update", 'values must not be set for remove operation: {"$ref":null,"value":"9"}', group=True)),
        "reference-unresolvable",
        failed("update", 404, scim("User 9 not found", status=404), group=True),
    ),
    "the refused ids are the members sent": (
        "reference-unresolvable",
        sent("PATCH", GROUP_PATH, TWO, 400, scim("Invalid parameters in request: 41, 77.")),
        "mapping-targets-unsupported-attribute",
        patched(patch(op("replace", "title", "x")), 400, scim("Invalid parameter in request: title")),
    ),
    "a 'member' that is the user": (
        "target-changed-outside-entra",
        failed("update", 404, scim("member not found", status=404)),
        "reference-unresolvable",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 404, scim("member not found", status=404)),
    ),
    "the group itself is gone": (
        "target-changed-outside-entra",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 404, scim("Group g1 not found", status=404)),
        "reference-unresolvable",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 404, scim("User u1 not found", status=404)),
    ),
    "a row that is there already, at a change of a group": (
        "non-idempotent-write",
        failed("update", 500, "Duplicate entry '3-4' for key 'group_user.PRIMARY'", group=True),
        "duplicate-create-not-409",
        failed("create", 500, "Duplicate entry 'ada' for key 'user.name'"),
    ),
    "a create is no membership": (
        "existing-account-not-matchable",
        failed("create", 409, scim("member already exists", status=409)),
        "non-idempotent-write",
        failed("update", 409, scim("member already exists", status=409), group=True),
    ),
    "two writes that met, not one repeated": (
        "concurrent-member-update-lost",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, {"error": "version conflict"}),
        "non-idempotent-write",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, {"error": "conflict"}),
    ),
    "a rule about inactive users, not about an attribute": (
        "app-policy-refuses-change",
        failed("update", 400, scim("Cannot change the properties of deactivated members")),
        "immutable-attribute-refused",
        failed("update", 400, scim("Cannot change userName")),
    ),
    "owners": (
        "app-policy-refuses-change",
        failed("create", 400, scim("Cannot invite an owner")),
        "value-not-allowed-by-app",
        failed("create", 400, scim("Invalid email of the owner")),
    ),
    "text of a length, not another type": (
        "value-not-allowed-by-app",
        failed("update", 400, {"errors": {"title": ["must be a string with a maximum length of 50"]}}),
        "patch-value-shape-rejected",
        failed("update", 400, {"errors": {"title": ["must be a string"]}}),
    ),
    "an empty list": (
        "patch-value-shape-rejected",
        sent("PATCH", GROUP_PATH, patch(op("replace", "members", [])), 400, scim("Required sub-attribute members.value is missing")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("Required attribute name.familyName is missing")),
    ),
    "a PATCH that Entra never sends": (
        "validator-false-positive",
        patched(patch(), 400, scim("Operations needs at least one entry")),
        "value-path-unsupported",
        patched(patch(op("Replace", WORK, "x")), 400, scim("Invalid path")),
    ),
    "throttling with 400": (
        "endpoint-too-slow-or-throttled",
        failed("update", 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}),
        "app-prerequisite-missing",
        failed("create", 400, scim("Quota exceeded for groups: 100 allowed")),
    ),
    "a gateway's own time-out page": (
        "endpoint-too-slow-or-throttled",
        failed("update", 504, "<html><title>504</title><body>Microsoft-Azure-Application-Gateway/v2</body></html>"),
        "endpoint-unreachable-or-blocked",
        failed("update", 403, "<html><title>403</title><body>Microsoft-Azure-Application-Gateway/v2</body></html>"),
    ),
    "a framework without that route": (
        "patch-method-missing",
        failed("update", 404, "<html><title>Error</title><pre>Cannot PATCH /scim/Users/1</pre></html>"),
        "tenant-url-wrong",
        failed("create", 404, "<html><title>Error</title><pre>Cannot POST /v2/Users</pre></html>"),
    ),
    "a framework without groups": (
        "groups-endpoint-missing",
        failed("create", 404, "<html><title>Error</title><pre>Cannot GET /scim/Groups</pre></html>", group=True),
        "tenant-url-wrong",
        about(job(reason(404, "<html><title>Error</title><pre>Cannot GET /scim/Users</pre></html>"))),
    ),
    "a plain refusal of a token, not of OAuth": (
        "token-expired-or-revoked",
        about(job(reason(403, {"message": "Invalid access token."}))),
        "oauth-token-endpoint-incompatible",
        about(job("Could not obtain an access token from the server")),
    ),
    "a challenge in the headers": (
        "auth-scheme-unsupported",
        about(job('Response Status Code: Unauthorized Response Headers: WWW-Authenticate: Basic realm="x"\r\nResponse Content: ')),
        "token-expired-or-revoked",
        about(job("Response Status Code: Unauthorized Response Headers: Server: x\r\nResponse Content: ")),
    ),
    "a page where a resource was due": (
        "tenant-url-wrong",
        about(job("not able to deserialize the resource received: <!DOCTYPE html><title>Sign in</title>")),
        "response-attribute-malformed",
        about(job('not able to deserialize the resource received: {"id": 7}')),
    ),
    "the tenant in the URL": (
        "tenant-url-wrong",
        about(job("invalid namespace")),
        "unknown-cause",
        about(job("invalid request")),
    ),
    "found a moment ago": (
        "patch-method-missing",
        seen(*FOUND_THEN_404),
        "target-changed-outside-entra",
        seen(*BARE_404),
    ),
    "the other letter case was asked before": (
        "filter-case-sensitive",
        seen(*SHOUTED),
        "filter-misses-existing",
        seen(*ANOTHER),
    ),
    "attributes under the core URN": (
        "response-attribute-malformed",
        asked(FIND_X, 200, listed(NESTED)),
        "filter-not-selective",
        asked(FIND_X, 200, listed(user(userName="y"))),
    ),
    "resource types are no users": (
        "list-response-malformed",
        asked("/ResourceTypes", 200, TYPES),
        "response-attribute-malformed",
        asked(FIND_X, 200, listed(user(userName="x", name="X"))),
    ),
    "a doubled slash": (
        "tenant-url-wrong",
        asked('//Users?filter=userName eq "x"', 404),
        "filter-no-match-404",
        asked(FIND_X, 404),
    ),
    "a manager refused for its shape": (
        "manager-value-shape",
        failed("update", 400, scim("Invalid value for manager: expected an object")),
        "reference-unresolvable",
        failed("update", 400, scim("Invalid value for manager: user 7 not found")),
    ),
    "what a list lacks is no value": (
        "list-response-malformed",
        on(event("update", "The response is missing the Resources attribute")),
        "required-attribute-empty-in-source",
        on(event("create", "The request is missing the familyName attribute")),
    ),
    "a complaint filed under op": (
        "patch-op-case-sensitive",
        failed("update", 400, {"message": "body/Operations/0/op must be equal to one of the allowed values"}),
        "value-not-allowed-by-app",
        failed("create", 400, {"message": "body/locale must be equal to one of the allowed values, is invalid"}),
    ),
    "the type named before the verb": (
        "patch-value-shape-rejected",
        failed("create", 400, {"errors": {"addresses[0].region": ["is null, a string was expected"]}}),
        "boolean-string-rejected",
        failed("disable", 400, {"errors": {"active": ["a boolean value is expected"]}}),
    ),
    "objects that may not be changed, not attributes": (
        "app-policy-refuses-change",
        failed("update", 403, {"message": "Guest users cannot be modified"}),
        "immutable-attribute-refused",
        failed("update", 400, {"message": "userName cannot be modified"}),
    ),
    "not implemented, but not about groups": (
        "filter-attribute-unsupported",
        asked('/Users?filter=externalId eq "5"', 501),
        "groups-endpoint-missing",
        asked('/Groups?filter=displayName eq "x"', 501),
    ),
    "a URL that is none": (
        "tenant-url-wrong",
        about(job("Invalid URI: The hostname could not be parsed.")),
        "endpoint-unreachable-or-blocked",
        about(job("The remote name could not be resolved: 'app.example'")),
    ),
    "a role that is called primary": (
        "role-mapping-wrong",
        failed("create", 400, scim("'boss' is not a valid primary role")),
        "value-not-allowed-by-app",
        failed("create", 400, scim("'boss' is not a valid primary phone")),
    ),
    "a part that need not be sent": (
        "over-strict-validation",
        failed("create", 400, {"errors": [{"path": "emails[0].primary", "message": "is required"}]}),
        "required-attribute-empty-in-source",
        failed("create", 400, {"errors": [{"path": "emails[0].value", "message": "is required"}]}),
    ),
    "what Entra does not map by default": (
        "mapping-missing-attribute",
        failed("create", 400, {"errors": [{"path": "entitlements", "message": "is required"}]}),
        "required-attribute-empty-in-source",
        failed("create", 400, {"errors": [{"path": "title", "message": "is required"}]}),
    ),
    "501 for a path, or for the method": (
        "value-path-unsupported",
        patched(patch(op("Replace", WORK, "x")), 501),
        "patch-method-missing",
        patched(patch(op("Replace", "title", "x")), 501),
    ),
    "an extension's path stored as a name": (
        "extension-urn-path-unsupported",
        patched(patch(op("Add", f"{ENTERPRISE}:division", "x")), 200, user(**{f"{ENTERPRISE}:division": "x"})),
        "patch-accepted-not-applied",
        patched(patch(op("Add", f"{ENTERPRISE}:division", "x")), 200, user()),
    ),
    "a filtered path stored as a name": (
        "value-path-unsupported",
        patched(patch(op("Add", WORK, "x")), 200, user(**{WORK: "x"})),
        "patch-accepted-not-applied",
        patched(patch(op("Add", "title", "x")), 200, user(title="y")),
    ),
    "roles as text in a create": (
        "roles-json-string-shape",
        sent("POST", "/Users", user(roles=[{"value": '{"id":"7"}'}]), 400),
        "unknown-cause",
        sent("POST", "/Users", user(roles=[{"value": "boss"}]), 400),
    ),
    "the RFC's own words say nothing more": (
        "boolean-string-rejected",
        patched(DISABLE, 400, INVALID_VALUE),
        "required-attribute-empty-in-source",
        failed("create", 400, INVALID_VALUE),
    ),
    "schemas that the body does not keep": (
        "over-strict-validation",
        failed("create", 400, scim(f"contains schema-urn '{ENTERPRISE}' that is not present in the document")),
        "mapping-targets-unsupported-attribute",
        failed("create", 400, scim("attribute nickName is not present in the schema")),
    ),
    "a filter in a path is no query": (
        "value-path-unsupported",
        failed("update", 400, scim("Filter in path not implemented")),
        "filter-attribute-unsupported",
        failed("update", 400, scim("Filter on externalId not implemented", "invalidFilter")),
    ),
    "Joi's words": (
        "mapping-targets-unsupported-attribute",
        failed("create", 400, {"message": '"addresses" is not allowed'}),
        "required-attribute-empty-in-source",
        failed("create", 400, {"message": '"displayName" is not allowed to be empty'}),
    ),
    "a quoted path that is required": (
        "pathless-dotted-keys-unsupported",
        failed("update", 400, {"message": '"Operations[0].path" is required'}),
        "required-attribute-empty-in-source",
        failed("create", 400, {"message": '"name.familyName" is required'}),
    ),
    "the group holds it already": (
        "non-idempotent-write",
        failed("update", 400, scim("Group already contains this user"), group=True),
        "reference-unresolvable",
        failed("update", 400, scim("Group cannot contain this: user not found"), group=True),
    ),
    "a member's column": (
        "non-idempotent-write",
        failed("update", 422, {"errors": {"user_id": ["has already been taken"]}}, group=True),
        "existing-account-not-matchable",
        failed("update", 422, {"errors": {"email": ["has already been taken"]}}),
    ),
    "the app's parser, not its answer": (
        "value-path-unsupported",
        failed("update", 500, {"error": f"SyntaxError: Unexpected token '[' in path {WORK}"}),
        "response-content-type-wrong",
        on(event("update", "Unexpected character encountered while parsing the response, not valid JSON")),
    ),
    "a filter that the path quotes": (
        "value-path-no-match-rejected",
        failed("update", 400, scim('No match for type eq "work" in emails by the filter', "noTarget")),
        "filter-attribute-unsupported",
        failed("update", 400, scim('No support for externalId eq "7" in the filter', "invalidFilter")),
    ),
    "names in JSONPath's brackets": (
        "manager-value-shape",
        failed("create", 400, {"errors": {f"$['{ENTERPRISE}'].manager": ["could not be converted to Manager"]}}),
        "patch-value-shape-rejected",
        failed("create", 400, {"errors": {"$['name']": ["could not be converted to Name"]}}),
    ),
    "a value at a removal": (
        "members-remove-value-not-understood",
        failed("update", 400, scim('"value" is not allowed for remove operations'), group=True),
        "value-not-allowed-by-app",
        failed("update", 400, scim("The value 'x' is not allowed for department")),
    ),
    "somebody must remain": (
        "app-policy-refuses-change",
        failed("disable", 400, scim("At least one owner must remain")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("At least one e-mail is required")),
    ),
    "the error's type speaks against a missing value": (
        "value-path-no-match-rejected",
        failed("update", 400, scim("No e-mail of type work exists", "noTarget")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("No e-mail given", "invalidValue")),
    ),
    "taken by somebody who was deleted": (
        "existing-account-not-matchable",
        failed("create", 409, scim("userName is in use by a deleted user", "uniqueness", 409)),
        "app-policy-refuses-change",
        failed("update", 409, scim("A deleted user cannot be updated", status=409)),
    ),
    "a plan that lacks it": (
        "app-prerequisite-missing",
        failed("create", 403, {"message": "The subscription does not include provisioning"}),
        "app-policy-refuses-change",
        failed("create", 403, {"message": "Provisioning is not allowed"}),
    ),
    "an operation that must have a path": (
        "pathless-dotted-keys-unsupported",
        failed("update", 400, scim("Each operation must have a path")),
        "members-remove-value-not-understood",
        failed("update", 400, scim("Remove must have a path filter"), group=True),
    ),
    "an error's type that only a PATCH gets": (
        "value-path-unsupported",
        failed("update", 400, scim("Path filter expressions are not implemented", "invalidPath")),
        "filter-attribute-unsupported",
        failed("update", 400, scim("Filter expressions on title are not implemented", "invalidFilter")),
    ),
    "quotes that do not close": (
        "filter-value-parse-failure",
        failed("update", 400, scim("Unbalanced quotes in the filter", "invalidFilter"), group=True),
        "filter-attribute-unsupported",
        failed("update", 400, scim("Unsupported attribute in the filter", "invalidFilter"), group=True),
    ),
    "a state that is reached already": (
        "non-idempotent-write",
        failed("disable", 409, {"message": "Already in the requested state"}),
        "existing-account-not-matchable",
        failed("update", 409, {"message": "E-mail is already in use"}),
    ),
    "Go's long field names": (
        "manager-value-shape",
        failed("create", 400, f"json: cannot unmarshal string into Go struct field .{ENTERPRISE}.manager of type scim.Manager"),
        "boolean-string-rejected",
        failed("disable", 400, "json: cannot unmarshal string into Go struct field User.active of type bool"),
    ),
    "an account of somebody else's, at an update and at a create": (
        "app-policy-refuses-change",
        failed("update", 403, scim("User is managed by another directory", status=403), properties={"displayName": ("A", "B")}),
        "existing-account-not-matchable",
        failed("create", 409, scim("User is managed by another directory", status=409)),
    ),
    "a value that Remove may not have, and one that may not be empty": (
        "members-remove-value-not-understood",
        failed("update", 400, scim("'value' must not be present for a remove operation", "invalidSyntax"), group=True, properties={"members": ("u1", None)}),
        "required-attribute-empty-in-source",
        failed("update", 400, scim("displayName must not be empty"), group=True, properties={"displayName": ("A", "")}),
    ),
    "the length of a value that speaks of a licence, and a licence": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("title is too long: limit is 3 characters for the license field", "invalidValue")),
        "app-prerequisite-missing",
        failed("create", 400, scim("License limit of 3 users reached", "invalidValue")),
    ),
    "a group that is locked, and a member that is there": (
        "concurrent-member-update-lost",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, scim("Record is locked by another transaction, try again", status=409)),
        "non-idempotent-write",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, scim("u1 is in this group already", status=409)),
    ),
    "another job that is at work, and another member of that name": (
        "concurrent-member-update-lost",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, scim("Group is being synchronised by another job", status=409)),
        "non-idempotent-write",
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, scim("Duplicate member", status=409)),
    ),
}  # fmt: skip
"""A name, then twice a cause and the failure that must lead to it."""


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_names_it_and_not_its_near_miss(name: str) -> None:
    tells_apart(PAIRS[name])


def test_a_conflict_alone_does_not_tell_who_hides_the_account() -> None:
    found = diagnose_case(seen(*CONFLICT))
    assert found.cause == "filter-misses-existing"
    assert found.confidence is Confidence.POSSIBLE
    assert "existing-account-not-matchable" in [a.cause for a in found.alternatives]


def test_a_create_whose_answer_was_not_recorded_is_only_possible() -> None:
    assert diagnose_case(sent("POST", "/Users", user(), 201)).confidence is Confidence.POSSIBLE
    empty = diagnose_case(sent("POST", "/Users", user(), 201, {"userName": "x"}))
    assert empty.confidence is Confidence.LIKELY


def test_404_to_an_unusual_filter_is_only_possible() -> None:
    unusual = diagnose_case(asked('/Users?filter=externalId eq "7"', 404))
    assert (unusual.cause, unusual.confidence) == ("filter-no-match-404", Confidence.POSSIBLE)
    assert diagnose_case(asked(FIND_X, 404)).confidence is Confidence.POSSIBLE
    told = asked(FIND_X, 404, scim("User not found", status=404))
    assert diagnose_case(told).confidence is Confidence.LIKELY


def test_a_delete_of_what_is_gone_is_only_possible() -> None:
    assert diagnose_case(failed("delete", 404)).confidence is Confidence.POSSIBLE


def test_a_path_inside_an_operation_is_told_without_it() -> None:
    assert within_operation("body.Operations[0].value[1].display") == "display"
    assert within_operation("Operations.0.value") == "Operations.0.value"
    assert within_operation("name.familyName") == "name.familyName"


def test_deep_error_bodies_end() -> None:
    body: dict[str, object] = {"active": ["Must be a valid boolean."]}
    for _ in range(50):
        body = {"errors": body}
    assert read_body("", body).complaints == ()


def test_a_group_is_found_under_its_own_id_only() -> None:
    asked_first = exchange("GET", '/Groups?filter=displayName eq "Staff"', 200, listed(group()))
    gone = exchange("PATCH", "/Groups/g2", 404, "", sent=patch(op("Replace", "displayName", "x")))
    assert diagnose_case(seen(asked_first, gone)).cause == "target-changed-outside-entra"


def test_a_conflict_at_adding_a_member_is_only_as_sure_as_its_words() -> None:
    told = diagnose_case(
        sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, scim("Member already exists", status=409))
    )
    assert told.confidence is Confidence.LIKELY
    assert any("Member already exists" in e.summary for e in told.evidence)
    mute = diagnose_case(sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, ""))
    assert (mute.cause, mute.confidence) == ("non-idempotent-write", Confidence.POSSIBLE)
    assert "concurrent-member-update-lost" in [a.cause for a in mute.alternatives]
    vague = diagnose_case(sent("PATCH", GROUP_PATH, ADD_MEMBER, 409, {"error": "cannot proceed"}))
    assert vague.confidence is Confidence.POSSIBLE
