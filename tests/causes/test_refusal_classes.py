"""Classes of refusals that are told apart by what they are about, not by how they are worded.

Each has a case that it must lead to, and a near miss that must lead elsewhere.
"""

from __future__ import annotations

import json

import pytest

from scimdoctor.causes.breach import Breach
from scimdoctor.causes.composition import composed
from scimdoctor.causes.dialects.reading import complaints_of
from scimdoctor.causes.dialects.remark import Remark
from scimdoctor.causes.engine import diagnose_case
from scimdoctor.causes.phrases import breaches_in
from scimdoctor.causes.usual import USUAL
from scimdoctor.model.diagnosis import Case, Confidence
from tests.causes.build import (
    ENTERPRISE,
    Pair,
    about,
    event,
    job,
    on,
    op,
    patch,
    reason,
    scim,
    tells_apart,
)
from tests.causes.test_families import WORK, failed, patched

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def changed(
    status: int, text: str, scim_type: str | None, *names: str, group: bool = False
) -> Case:
    """A logged change of `names` that was refused with `text`."""
    detail = reason(status, scim(text, scim_type, status))
    return on(event("update", detail, group=group, properties=dict.fromkeys(names, (None, "x"))))


def created(*names: str) -> Case:
    """A logged create with `names` that was refused for want of emails."""
    detail = reason(400, scim("emails is required", "invalidValue", 400))
    return on(event("create", detail, properties=dict.fromkeys(names, (None, "x"))))


def asked(detail: str) -> str:
    """How Entra quotes the query of a connection test, refused with `detail`."""
    query = "Users?filter=userName+eq+%22x%22"
    head = f"Received response from Web resource. Resource: https://a.example/scim/{query} Operation: GET"
    return f"{head} Response Status Code: BadRequest Response Content: {json.dumps(scim(detail))}"


PAIRS: dict[str, Pair] = {
    "a schema of the request that is missed": (
        "over-strict-validation",
        changed(400, "PATCH request must include PatchOp schema", "invalidValue", "title"),
        "value-not-allowed-by-app",
        changed(400, "title must include a schematic letter", "invalidValue", "title"),
    ),
    "an op in quotes": (
        "patch-op-case-sensitive",
        changed(400, 'Unrecognised PATCH "op" value of "Replace"', "invalidSyntax", "title"),
        "value-not-allowed-by-app",
        changed(400, 'Invalid "title" value of "Replace"', "invalidValue", "title"),
    ),
    "a path in quotes": (
        "pathless-dotted-keys-unsupported",
        changed(400, 'No "path" target given for "replace" operation', "noTarget", "title"),
        "mapping-targets-unsupported-attribute",
        changed(400, 'No "title" target known for this operation', "noTarget", "title"),
    ),
    "a body to be provided": (
        "request-content-type-refused",
        failed("create", 400, scim("must provide a request body", None, 400)),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("must provide an email", None, 400)),
    ),
    "a body that is no JSON for SCIM": (
        "request-content-type-refused",
        failed("create", 400, scim("invalid SCIM JSON body", "invalidValue", 400)),
        "value-not-allowed-by-app",
        failed("create", 400, scim("invalid SCIM JSONesque name", "invalidValue", 400)),
    ),
    "groups that are not enabled": (
        "groups-endpoint-missing",
        changed(501, "groups not enabled", None, "displayName", group=True),
        "app-policy-refuses-change",
        changed(403, "the default group cannot be enabled", None, "displayName", group=True),
    ),
    "a member that is quoted in a path that is refused": (
        "value-path-unsupported",
        on(event("update", reason(400, scim('Value-filter paths are only valid for remove: members[value eq "8d1f"]', "invalidPath", 400)), group=True, properties={"members": (None, '[{"value":"8d1f"}]')})),
        "reference-unresolvable",
        on(event("update", reason(400, scim("8d1f is a wrong one", "invalidValue", 400)), group=True, properties={"members": (None, '[{"value":"8d1f"}]')})),
    ),
    "a conflict without a word, and no name in the change": (
        "app-policy-refuses-change",
        on(event("disable", reason(409), properties={"active": (None, "False")})),
        "existing-account-not-matchable",
        on(event("update", reason(409), properties={"userName": (None, "ada@x.y")})),
    ),
    "a name that holds a word of the table": (
        "existing-account-not-matchable",
        failed("create", 409, scim("A group named 'Licence Required Users' already exists", None, 409), group=True),
        "app-prerequisite-missing",
        failed("create", 403, scim("A licence is required for this user", None, 403)),
    ),
    "advice beside a complaint": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("Invalid email address. Please enable SSO in your organization settings.")),
        "app-prerequisite-missing",
        failed("create", 403, scim("Not possible. Please enable SSO in your organization settings.", None, 403)),
    ),
    "a connection of the app's own": (
        "unhandled-exception-500",
        failed("create", 500, scim("The welcome e-mail could not be sent: connection refused", None, 500)),
        "endpoint-unreachable-or-blocked",
        on(event("create", "Unable to connect to the remote server: connection refused")),
    ),
    "what can never be changed": (
        "immutable-attribute-refused",
        changed(400, "Once set, externalId can never be changed", None, "externalId"),
        "value-not-allowed-by-app",
        changed(400, "externalId can never be longer than 40 characters", None, "externalId"),
    ),
    "no element of that type": (
        "value-path-no-match-rejected",
        changed(400, "No email of type work exists for this user", None, WORK),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("No email was given")),
    ),
    "a test that gets another answer than 200": (
        "groups-endpoint-missing",
        about(job("An HTTP/404 Not Found response was returned rather than the expected HTTP/200 OK response.")),
        "app-prerequisite-missing",
        about(job("An HTTP/403 Forbidden response was returned rather than the expected HTTP/200 OK response.")),
    ),
    "Entra's word for the address": (
        "tenant-url-wrong",
        about(job("The tenant URL is not valid. Please enter one that starts with https.")),
        "unknown-cause",
        about(job("The tenant URL was saved.")),
    ),
    ".NET's word for a token of two lines": (
        "secret-token-unusable",
        about(job("New-line characters are not allowed in header values.")),
        "unknown-cause",
        about(job("New-line characters are shown as blanks.")),
    ),
    "a syntax that is refused of what every app can be asked for": (
        "filter-value-parse-failure",
        about(job(asked("Unexpected character '+' in filter"))),
        "filter-attribute-unsupported",
        about(job(asked("Unsupported filter"))),
    ),
    "a parameter of the query of groups": (
        "over-strict-validation",
        about(job(asked("Unknown query parameter excludedAttributes"))),
        "filter-attribute-unsupported",
        about(job(asked("Unknown filter attribute"))),
    ),
    "what a validator misses in an answer": (
        "attribute-not-stored-or-returned",
        on(event("create", "nickName was sent but is not present in the response")),
        "mapping-missing-attribute",
        on(event("create", "nickName was not present in the request, it is required")),
    ),
    "the status that a validator expected": (
        "write-response-wrong",
        on(event("update", "Expected status code 200 or 204 but received 201")),
        "unknown-cause",
        on(event("update", "Received a message")),
    ),
    "a property that a list must have": (
        "list-response-malformed",
        on(event("update", "The response should contain the property 'Resources'")),
        "write-response-wrong",
        on(event("update", "The response should contain the property")),
    ),
    "the one filter that is supported": (
        "filter-attribute-unsupported",
        failed("update", 501, scim("Only userName filter is supported", None, 501)),
        "patch-method-missing",
        failed("update", 501, scim("Only PUT is supported", None, 501)),
    ),
    "an attribute for filters": (
        "filter-attribute-unsupported",
        failed("update", 400, scim(f"{ENTERPRISE}:department is not a valid filter attribute")),
        "mapping-targets-unsupported-attribute",
        changed(400, f"{ENTERPRISE}:department is not a valid attribute", None, f"{ENTERPRISE}:department"),
    ),
    "groups that are not supported at all": (
        "groups-endpoint-missing",
        failed("update", 501, scim("Groups are not supported", None, 501), group=True),
        "patch-method-missing",
        failed("update", 501, scim("PATCH is not supported", None, 501), group=True),
    ),
    "an operation without path that is called noTarget": (
        "pathless-dotted-keys-unsupported",
        patched(patch(op("replace", None, {"displayName": "x"})), 400, scim("path is required", "noTarget")),
        "value-path-no-match-rejected",
        patched(patch(op("replace", WORK, "x")), 400, scim("nothing there", "noTarget")),
    ),
    "somebody else who already has it": (
        "existing-account-not-matchable",
        changed(409, "Another user already has this userName", "uniqueness", "userName"),
        "non-idempotent-write",
        changed(409, "The user already has that role", None, "roles"),
    ),
    "what cannot be set by SCIM": (
        "mapping-targets-unsupported-attribute",
        changed(400, "Attribute preferredLanguage cannot be set via SCIM", None, "preferredLanguage"),
        "immutable-attribute-refused",
        changed(400, "Attribute preferredLanguage cannot be changed", None, "preferredLanguage"),
    ),
    "somebody who is not there, in the log's words alone": (
        "target-changed-outside-entra",
        on(event("update", "User not found", properties={"title": (None, "x")})),
        "unknown-cause",
        on(event("update", "Nothing found", properties={"title": (None, "x")})),
    ),
    "what was deleted in the app": (
        "target-changed-outside-entra",
        on(event("disable", "The user has been deleted in the application")),
        "existing-account-not-matchable",
        on(event("create", "The user has been deleted in the application")),
    ),
    "a filter within quotes": (
        "filter-attribute-unsupported",
        on(event("update", 'The filter "externalId eq 123" is not supported')),
        "filter-value-parse-failure",
        on(event("update", "The filter \"displayName eq 'R&D'\" could not be parsed")),
    ),
    "a key that is no attribute": (
        "token-expired-or-revoked",
        on(event("update", "Invalid API key")),
        "mapping-targets-unsupported-attribute",
        on(event("update", "Invalid key nickName")),
    ),
    "a user who has no e-mail": (
        "required-attribute-empty-in-source",
        on(event("create", "User doesn't have an email address")),
        "unknown-cause",
        on(event("create", "User doesn't have a profile picture")),
    ),
    "a role that is called like an attribute": (
        "app-prerequisite-missing",
        changed(400, "Role 'Manager' must be enabled; the role has not been configured", None, "roles"),
        "reference-unresolvable",
        changed(400, "Manager is not active", None, f"{ENTERPRISE}:manager"),
    ),
    "the one remove that is supported": (
        "members-remove-value-not-understood",
        changed(400, 'Only remove with members[value eq "<id>"] is supported', "invalidPath", "members", group=True),
        "reference-unresolvable",
        changed(400, "Members ['7'] are not valid", None, "members", group=True),
    ),
    "what a removal would leave": (
        "app-policy-refuses-change",
        changed(400, "This would leave the user without a profile", "invalidValue", "entitlements"),
        "unknown-cause",
        changed(400, "This leaves the user", "invalidValue", "entitlements"),
    ),
    "somebody who cannot be changed": (
        "app-policy-refuses-change",
        changed(403, "Platform owners cannot be modified through SCIM", "mutability", "title"),
        "immutable-attribute-refused",
        changed(400, "User name cannot be modified through SCIM", "mutability", "userName"),
    ),
    "a schema with more words before it": (
        "over-strict-validation",
        failed("create", 400, scim("unsupported SCIM user schema", "invalidSyntax")),
        "unknown-cause",
        failed("create", 400, scim("SCIM user schema", "invalidSyntax")),
    ),
    "a path that is cut off within its filter": (
        "value-path-unsupported",
        changed(400, 'This part of the path roles[value eq "7d is invalid', "invalidSyntax", "roles"),
        "roles-json-string-shape",
        changed(400, "The value of roles is invalid", "invalidValue", "roles"),
    ),
    "a schema's URN that is missing": (
        "over-strict-validation",
        failed("create", 400, scim(f"Expected schema {ENTERPRISE} is not provided")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim(f"{ENTERPRISE}:department is not provided")),
    ),
    "schemas that do not declare a URN": (
        "over-strict-validation",
        failed("create", 400, scim(f"{ENTERPRISE} is not declared in schemas")),
        "patch-value-shape-rejected",
        failed("create", 400, scim("emails must be an array")),
    ),
    "a request's own URN": (
        "over-strict-validation",
        changed(400, f"Invalid schema, it must be {PATCH_OP}", None, "title"),
        "extension-urn-path-unsupported",
        changed(400, f"Invalid path {ENTERPRISE}:department", "invalidPath", f"{ENTERPRISE}:department"),
    ),
    "a member's id": (
        "reference-unresolvable",
        changed(400, "The user id does not match one of ours", "invalidValue", "members", group=True),
        "value-not-allowed-by-app",
        changed(400, "displayName does not match the pattern", "invalidValue", "displayName", group=True),
    ),
    "a remove that wants a filter": (
        "members-remove-value-not-understood",
        changed(400, "path must contain a filter for remove on members", None, "members", group=True),
        "reference-unresolvable",
        changed(400, "Members ['7'] are not valid", None, "members", group=True),
    ),
    "a value that is called missing": (
        "over-strict-validation",
        created('emails[type eq "work"].value'),
        "required-attribute-empty-in-source",
        created("title"),
    ),
    "how many members": (
        "unknown-cause",
        changed(400, "Multiple members in one operation are not allowed", None, "members", group=True),
        "reference-unresolvable",
        changed(400, "Members ['7'] are not valid", None, "members", group=True),
    ),
    "the one attribute that may be changed": (
        "mapping-targets-unsupported-attribute",
        changed(400, "Only `nickName` can be patched here", "invalidPath", "title"),
        "mapping-targets-unsupported-attribute",
        changed(400, "`title` can not be patched here", "invalidPath", "title"),
    ),
    "a plain path without target": (
        "mapping-targets-unsupported-attribute",
        changed(400, "no_such_target", "noTarget", "title"),
        "value-path-no-match-rejected",
        changed(400, "no_such_target", "noTarget", WORK),
    ),
    "noTarget of an object": (
        "target-changed-outside-entra",
        changed(404, "Resource 77 not found", "noTarget", "title"),
        "value-path-no-match-rejected",
        changed(400, "Nothing matched", "noTarget", WORK),
    ),
    "unwritable at a create": (
        "mapping-targets-unsupported-attribute",
        failed("create", 400, scim("password and roles are not writable", "mutability")),
        "immutable-attribute-refused",
        changed(400, "userName is not writable", "mutability", "userName"),
    ),
    "a scimType of its own": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("Choose something else.", "Invalid domain")),
        "existing-account-not-matchable",
        failed("create", 409, scim("Choose something else.", "uniqueness", 409)),
    ),
    "a feature that is off": (
        "app-prerequisite-missing",
        failed("create", 403, scim("User provisioning is disabled.", None, 403)),
        "app-policy-refuses-change",
        failed("delete", 403, scim("Deleting users is disabled.", None, 403)),
    ),
    "an unpaid bill": (
        "app-prerequisite-missing",
        failed("create", 403, scim("The account is read-only until billing is settled", None, 403)),
        "app-policy-refuses-change",
        failed("create", 403, scim("The account is not for you", None, 403)),
    ),
    "who asks": (
        "app-policy-refuses-change",
        changed(403, "This token cannot change resources of another connection", None, "title"),
        "immutable-attribute-refused",
        changed(403, "title cannot be changed by this token", None, "title"),
    ),
    "words in a code": (
        "value-not-allowed-by-app",
        failed("create", 400, {"Errors": {"description": "username_not_allowed (user=a)", "code": 400}}),
        "required-attribute-empty-in-source",
        failed("create", 400, {"Errors": {"description": "username_missing (user=a)", "code": 400}}),
    ),
    "a hyphened code": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("Error: Currency : INVALID-VALUE")),
        "required-attribute-empty-in-source",
        failed("create", 400, scim("Error: Currency : VALUE-MISSING. A value is required")),
    ),
    "a filter quoted twice": (
        "filter-attribute-unsupported",
        failed("other", 400, scim('unsupported filter "emails.value eq \\"a\\"": only userName is supported', "invalidFilter")),
        "filter-value-parse-failure",
        failed("other", 400, scim("syntax error in filter userName eq \"O'Neil\"", "invalidFilter")),
    ),
    "a list for one value": (
        "patch-value-shape-rejected",
        changed(400, "Cannot apply array patch value to single value attribute", "invalidValue", "title"),
        "value-not-allowed-by-app",
        changed(400, "Cannot apply the value, it is too long", "invalidValue", "title"),
    ),
    "a manager who is no user": (
        "reference-unresolvable",
        patched(patch(op("Add", f"{ENTERPRISE}:department", "x")), 400, scim("member 7 is not a provisioned user")),
        "app-policy-refuses-change",
        changed(400, "member 7 is the last owner", None, "active"),
    ),
    "an attribute's value, not an attribute": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("Invalid attribute value", "invalidValue")),
        "mapping-targets-unsupported-attribute",
        failed("create", 400, scim("Invalid attribute nickName", "invalidValue")),
    ),
    "refusing to provision": (
        "app-policy-refuses-change",
        failed("create", 409, scim("Refusing to provision an inactive user.", "invalidValue", 409)),
        "existing-account-not-matchable",
        failed("create", 409, scim("An inactive user already exists.", "uniqueness", 409)),
    ),
    "a key that is asked for": (
        "token-expired-or-revoked",
        failed("create", 401, scim("API key required", None, 401)),
        "auth-scheme-unsupported",
        failed("create", 401, scim("Basic authentication required", None, 401)),
    ),
    "a boolean that is asked for": (
        "boolean-string-rejected",
        on(event("update", reason(400, scim("value must be a boolean or object")), properties={"active": ("False", "True")})),
        "patch-value-shape-rejected",
        changed(400, "value must be a boolean or object", None, "displayName"),
    ),
    "somebody by a name that was not sent": (
        "reference-unresolvable",
        changed(404, "User ada77 does not exist in: PRIMARY", None, "members", group=True),
        "target-changed-outside-entra",
        changed(404, "Resource ada77 does not exist", None, "members", group=True),
    ),
    "parameters that are ids": (
        "reference-unresolvable",
        changed(400, "Invalid parameters provided in request: 4, 999.", None, "members", group=True),
        "value-not-allowed-by-app",
        changed(400, "Invalid parameters provided in request: 4, 999.", None, "title", group=True),
    ),
    "a list of whom the app lets in": (
        "value-not-allowed-by-app",
        failed("create", 409, scim("ada@example.com is not whitelisted", None, 409)),
        "endpoint-unreachable-or-blocked",
        failed("create", 403, scim("IP address 192.0.2.7 is not whitelisted", None, 403)),
    ),
    "a value that the database finds too long": (
        "value-not-allowed-by-app",
        failed("create", 500, {"detail": "value too long for type character varying(255)"}),
        "unhandled-exception-500",
        failed("create", 500, {"detail": "invalid input"}),
    ),
    "a text of which format": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("Nickname must be a string with following format, ^[a-z]+$", "invalidValue")),
        "patch-value-shape-rejected",
        failed("create", 400, scim("nickName must be a string", "invalidValue")),
    ),
    "a null that is not valid": (
        "required-attribute-empty-in-source",
        failed("create", 400, scim("Username null is not valid", "invalidValue")),
        "value-not-allowed-by-app",
        failed("create", 400, scim("Username ada is not valid", "invalidValue")),
    ),
    "a representation that is unknown": (
        "patch-value-shape-rejected",
        patched(patch(op("Add", "emails", "a@x.y")), 400, scim("Unknown JSON representation for the attribute emails")),
        "mapping-targets-unsupported-attribute",
        patched(patch(op("Add", "nickName", "Ada")), 400, scim("Unknown attribute nickName")),
    ),
    "an attribute with a name": (
        "mapping-targets-unsupported-attribute",
        changed(400, "the attribute with the name 'nickName' is unknown to resource type 'User'", "invalidPath", "nickName"),
        "app-policy-refuses-change",
        changed(409, "the user owns a resource", None, "active"),
    ),
    "an attribute that is null": (
        "pathless-dotted-keys-unsupported",
        patched(patch(op("Replace", None, {"active": False})), 500, scim("Unsupported or invalid user filter: Unsupported attribute: null", status=500)),
        "value-path-unsupported",
        patched(patch(op("Replace", WORK, "a@x.y")), 500, scim("Unsupported or invalid user filter: Unsupported attribute: emails", status=500)),
    ),
    "whose the domain is": (
        "value-not-allowed-by-app",
        failed("create", 400, scim("The domain has been associated with a different organization", "invalidValue")),
        "existing-account-not-matchable",
        failed("create", 400, scim("The user has been associated with a different organization", "invalidValue")),
    ),
    "what Entra adds to each e-mail": (
        "over-strict-validation",
        failed("create", 400, scim("attribute primary is not recognized by the schema")),
        "mapping-targets-unsupported-attribute",
        failed("create", 400, scim("attribute title is not recognized by the schema")),
    ),
    "a role that is taken away by a path with a filter": (
        "value-path-unsupported",
        patched(patch(op("Remove", 'roles[value eq "7:admin"]')), 500, scim("Invalid Patch: the path roles[value eq is invalid", status=500)),
        "roles-json-string-shape",
        patched(patch(op("Add", "roles", [{"value": '{"id":"7"}'}])), 400, scim("Invalid Patch: the value of roles is invalid", "invalidValue")),
    ),
    "a path that no operation has": (
        "pathless-dotted-keys-unsupported",
        patched(patch(op("Replace", None, {"displayName": "x"})), 400, "Unsupported group path"),
        "mapping-targets-unsupported-attribute",
        patched(patch(op("Replace", "nickName", "x")), 400, "Unsupported user path"),
    ),
    "501 for one operation": (
        "patch-add-not-supported",
        patched(patch(op("Add", "title", "x")), 501, scim("The add operation is not supported", status=501)),
        "patch-method-missing",
        patched(patch(op("Add", "title", "x")), 501, scim("Not Implemented", status=501)),
    ),
    "somebody who can't be resolved": (
        "reference-unresolvable",
        changed(400, "User can't be resolved from the given user Id.", None, "members", group=True),
        "app-policy-refuses-change",
        changed(400, "User can't be removed by SCIM.", None, "active"),
    ),
    "a path that was left out": (
        "pathless-dotted-keys-unsupported",
        changed(400, "Omitting path is possible only for a single attribute", None, "title"),
        "value-not-allowed-by-app",
        changed(400, "title is invalid: omit the pathological part", None, "title"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_the_rule_names_it_and_not_its_near_miss(name: str) -> None:
    tells_apart(PAIRS[name])


@pytest.mark.parametrize(
    ("text", "breach"),
    [
        ("The attribute is unknown to resource type 'User'", Breach.POLICY),
        ("A non null value", Breach.CRASH),
        ("Refused because replace is not supported", Breach.ADD_REFUSED),
        ("Membership is not allowed", Breach.BLOCKED),
        ("The server does not support identifiers here", Breach.BLOCKED),
        ("Expected an array identifier", Breach.BLOCKED),
        ("The associated person must be active", Breach.PREREQUISITE),
        ("Resources are held by another connection", Breach.MALFORMED_LIST),
        ("The domain is run by another team", Breach.VALUE_REFUSED),
        ("OAuth has nothing to do with it", Breach.OAUTH),
    ],
)
def test_a_word_inside_of_another_is_none_of_the_phrase(text: str, breach: Breach) -> None:
    assert breach not in {phrase.breach for phrase in breaches_in(text)}


@pytest.mark.parametrize(
    ("text", "breach"),
    [
        ("The user doesn't exist", Breach.NOT_FOUND),
        ("Title isn't supported", Breach.UNKNOWN_ATTRIBUTE),
        ("displayName wasn't provided", Breach.REQUIRED),
        ("The manager couldn't be found", Breach.REFERENCE),
        ("The user can't be removed", Breach.POLICY),
    ],
)
def test_a_verb_drawn_together_with_its_not_says_no_less(text: str, breach: Breach) -> None:
    assert composed(text) is breach
    assert composed(text.replace("can't", "cannot").replace("n't", " not")) is breach


def test_what_alone_is_allowed_is_not_what_was_refused() -> None:
    (allowed, *_) = complaints_of(
        Remark(text="Only members may be sent, only members is supported")
    )
    (refused, *_) = complaints_of(Remark(text="The `members` attribute is not supported"))
    assert (allowed.attribute, refused.attribute) == (None, "members")


def test_a_sentence_no_rule_reads_gets_the_usual_causes_and_no_more_than_possible() -> None:
    found = diagnose_case(failed("create", 400, scim("The gnomes did not like this one")))
    assert found.cause == USUAL[0].causes[0]
    assert [a.cause for a in found.alternatives] == list(USUAL[0].causes[1:])
    assert {found.confidence, *(a.confidence for a in found.alternatives)} == {Confidence.POSSIBLE}


@pytest.mark.parametrize(
    "case",
    [
        failed("create", 400, ""),
        failed("create", 400, "Bad Request"),
        failed("create", 418, scim("The gnomes did not like this one")),
        failed("create", 400, "<html><head><title>Oh no</title></head>The gnomes are away now</html>"),
        changed(400, "The gnomes did not like this one", None, "title"),
    ],
    ids=["empty", "a status' name", "an odd status", "a page", "a change"],
)  # fmt: skip
def test_nothing_is_usual_where_the_app_says_nothing_or_reports_do_not_tell(case: Case) -> None:
    assert diagnose_case(case).cause == "unknown-cause"


def test_a_missing_value_of_no_name_at_a_change_is_only_possible() -> None:
    found = diagnose_case(changed(400, "The value is not provided", None, "title"))
    assert found.confidence is Confidence.POSSIBLE
