"""What public reports describe, as the provisioning log would show it: Graph's JSON, in Entra's words.

Each row was written from the report's behaviour alone, in the words of another framework than the
report's where it names one, before a rule was run on it. `UNDECIDED` are those whose log does not
tell, with the reason; the right cause must not be contradicted there with confidence.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.diagnose.evidence import Evidence
from scimdoctor.diagnose.groups import group_events
from scimdoctor.diagnose.run import diagnose
from scimdoctor.model.diagnosis import Confidence, Diagnosis
from scimdoctor.sources.record import read_record
from tests.causes.captures import ENTERPRISE, refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

STATUS_NAMES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    415: "UnsupportedMediaType",
    422: "UnprocessableEntity",
    500: "InternalServerError",
    504: "GatewayTimeout",
}
NET = "Message: Processing of the HTTP request resulted in an exception. Please see the HTTP response returned by the 'Response' property of this exception for details."
INCOMPATIBLE = "The SCIM endpoint is not fully compatible with the Azure Active Directory SCIM client. Please refer to the Azure Active Directory SCIM provisioning documentation and adapt the SCIM endpoint to be able to process provisioning requests from Azure Active Directory."
EXPORTS = {"create": "EntryExportAdd", "delete": "EntryExportDelete"}
SERVICE_INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"
ACTIVE = [("active", "True", "False")]
MEMBER = "0c3e9d0a-1111-4f4e-9a70-6b1b8e6f0001"
JOINS, LEAVES = [("members", None, MEMBER)], [("members", MEMBER, None)]
WORK = 'emails[type eq "work"].value'


def text_of(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def long(verb: str, status: int, body: Any, kind: str = "User") -> str:
    """The long form."""
    return f"Failed to {verb} {kind} 'adele.vance@contoso.example' in customappsso; Error: {INCOMPATIBLE} StatusCode: {STATUS_NAMES[status]} {NET} Web Response: {text_of(body)}. This operation was retried 3 times. It will be retried again after this date: 2026-07-01T15:00:00.0000000Z UTC"


def short(status: int, body: Any, before: str = "") -> str:
    """The short form."""
    return f"{before}StatusCode: {STATUS_NAMES[status]}\r\n{NET}\r\nWeb Response: \r\n{text_of(body)}. This operation was retried 0 times."


def labelled(status: int, body: Any) -> str:
    """The form with a label before each part."""
    return f"Received response from Web resource.\r\nResource: https://api.contoso.example/scim/v2/Users\r\nOperation: PATCH\r\nResponse Status Code: {STATUS_NAMES[status]}\r\nResponse Headers: Pragma: no-cache\r\nResponse Content: {text_of(body)}. This operation was retried 0 times."


def logged(
    action: str,
    reason: str | None,
    properties: Sequence[tuple[str, str | None, str | None]] = (),
    *,
    group: bool = False,
    code: str | None = SERVICE_INCOMPATIBLE,
    status: str = "failure",
    step: str | None = None,
    skip: str | None = None,
    scoping: dict[str, str] | None = None,
) -> dict[str, Any]:
    """One event."""
    kind = "Group" if group else "User"
    steps: list[dict[str, Any]] = [
        {
            "name": "EntryImport",
            "provisioningStepType": "import",
            "status": "success",
            "description": "Received a change",
            "details": {},
        }
    ]
    if status == "failure":
        steps.append(
            {
                "name": step or EXPORTS.get(action, "EntryExportUpdate"),
                "provisioningStepType": "export",
                "status": "failure",
                "description": reason,
                "details": {},
            }
        )
    elif status == "skipped":
        steps.append(
            {
                "name": "EntrySynchronizationScoping" if scoping else "EntrySynchronizationSkip",
                "provisioningStepType": "scoping",
                "status": "skipped",
                "description": reason or "skipped",
                "details": scoping or {"SkipReason": skip},
            }
        )
    return {
        "id": "96c486fb-57b0-58ca-ad3b-64930f488fe4",
        "activityDateTime": "2026-07-01T09:00:00Z",
        "jobId": "scim.1.2",
        "cycleId": "c1",
        "provisioningAction": action,
        "durationInMilliseconds": 812,
        "servicePrincipal": {"id": "s1", "displayName": "SCIM app"},
        "sourceIdentity": {
            "id": "f246ebf7-6542-5391-a909-ba219b6eb504",
            "displayName": "Adele Vance",
            "identityType": kind,
            "details": {} if group else {"UserPrincipalName": "adele.vance@contoso.example"},
        },
        "targetIdentity": {
            "id": "2819c223",
            "displayName": "",
            "identityType": kind,
            "details": {},
        },
        "provisioningStatusInfo": {
            "status": status,
            "errorInformation": {
                "errorCode": code if status == "failure" else skip,
                "reason": reason,
                "additionalDetails": None,
                "errorCategory": "nonServiceFailure",
            },
        },
        "provisioningSteps": steps,
        "modifiedProperties": [
            {"displayName": n, "oldValue": o, "newValue": v} for n, o, v in properties
        ],
    }


LOGGED: dict[str, tuple[set[str], dict[str, Any]]] = {
    "airbyte-84388": ({"value-not-allowed-by-app"}, logged("create",short(400,{"status":400,"message":"Cannot provision user: email domain contoso.example has not been verified for this organization"}))),
    "astronomer-2640": ({"needs-scim-compliance-flag","patch-op-case-sensitive","boolean-string-rejected"}, logged("disable",long("update", 400,{"message":"body.Operations[0].op should be equal to one of the allowed values: add, remove, replace"}),ACTIVE)),
    "aws-idc-clear-attr": ({"cleared-attribute-not-sent"}, logged("update",None,[("title","Buyer",None)],status="skipped",skip="RedundantExport")),
    "azure-docs-17504": ({"token-expired-or-revoked"}, logged("update",short(401,{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed, the token is expired."}}),[("title","a","b")])),
    "azure-docs-60316": ({"write-response-wrong","unknown-cause"}, logged("update",None,[("title","a","b")],status="success")),
    "azure-docs-95437": ({"groups-endpoint-missing"}, logged("create","Failed to match an entry in the source and target systems Group 'Sales'. StatusCode: NotFound " + NET + " Web Response: {\"detail\":\"Not Found\"}. This operation was retried 0 times.",group=True,step="EntryImport")),
    "budibase-17628": ({"existing-account-not-matchable"}, logged("create",long("create", 409,{"message":"Email already in use: 'adele.vance@contoso.example'","status":409}))),
    "byoa-24": ({"patch-op-case-sensitive"}, logged("update",long("update", 400,refusal("The operation 'add' is not supported. Operation name is invalid.",400,"invalidSyntax"), kind="Group"),JOINS,group=True)),
    "byoa-26": ({"scoping-misconfigured"}, logged("other",None,status="skipped",skip="NotEffectivelyEntitled",scoping={"Active in the source system":"True","Assigned to the application":"False","Scoping filter evaluation passed":"{}"})),
    "byoa-28": ({"duplicate-create-not-409"}, logged("create",long("create", 400,{"detail":"A user with this userName already exists"}))),
    "datadog-31059": ({"patch-op-case-sensitive","needs-scim-compliance-flag"}, logged("update",labelled(400,{"errors":["Invalid PATCH operation: op must be add, replace or remove"]}),[("title","a","b")])),
    "datadog-37670": ({"role-mapping-wrong","roles-json-string-shape","value-not-allowed-by-app"}, logged("create",long("create", 400,{"errors":[{"detail":"roles: invalid role id 'User'"}]}),[("roles",None,"User")])),
    "entra-docs-215": ({"roles-json-string-shape","patch-value-shape-rejected"}, logged("update",long("update", 400,refusal("roles[0].type is required",400,"invalidValue")),[("roles",None,'{"id":"1","value":"Admin","displayName":"Admin"}')])),
    "fleet-44419": ({"scoping-misconfigured"}, logged("other","The user is not assigned to the application; membership through nested groups is not supported.",status="skipped",skip="NotEffectivelyEntitled")),
    "fleet-53715": ({"mapping-missing-attribute","required-attribute-empty-in-source"}, logged("create",long("create", 422,{"errors":[{"name":"department","reason":"cannot be empty"}]}))),
    "go-scim-46": ({"patch-op-case-sensitive"}, logged("update",long("update", 400,refusal("\"Replace\" is not a valid operation",400,"invalidSyntax")),[("displayName","a","b")])),
    "gravitee-4408": ({"value-path-unsupported"}, logged("update",long("update", 400,{"message":"Attribute path 'emails[type eq \"work\"].value' is not valid","http_status":400}),[('emails[type eq "work"].value',"a@x.y","b@x.y")])),
    "infisical-6471-idem": ({"non-idempotent-write"}, logged("update",long("update", 404,refusal("User is not a member of the group",404), kind="Group"),LEAVES,group=True)),
    "keycloak-110": ({"unknown-cause"}, logged("update",long("update", 400,""),[("title","a","b"),("displayName","a","b")])),
    "keycloak-119": ({"boolean-string-rejected"}, logged("disable",long("update", 400,refusal("Cannot parse value 'False' of attribute 'active'",400,"invalidValue")),ACTIVE)),
    "keycloak-78": ({"endpoint-too-slow-or-throttled"}, logged("create","The operation timed out. A task was canceled.",code="SystemForCrossDomainIdentityManagementTimeout")),
    "kiro-10711": ({"immutable-attribute-refused"}, logged("update",long("update", 400,refusal("externalId is an immutable attribute and cannot be modified",400,"mutability")),[("externalId","a.b","ab")])),
    "langwatch-6972": ({"patch-op-case-sensitive"}, logged("disable",long("update", 400,{"error":"Validation error","issues":[{"code":"invalid_value","values":["add","remove","replace"],"path":["Operations",0,"op"],"message":"Invalid option: expected one of \"add\"|\"remove\"|\"replace\""}]}),ACTIVE)),
    "laravel-scim-8": ({"request-content-type-refused"}, logged("create",long("create", 400,refusal("The content-type header should be set to \"application/scim+json\"",400)))),
    "learnqa-1345734": ({"over-strict-validation"}, logged("update",long("update", 400,refusal("Attribute 'members.display' is required",400,"invalidValue"), kind="Group"),JOINS,group=True)),
    "learnqa-1656815": ({"custom-attribute-definition-invalid"}, logged("create","A property of an entry was not exported, because exporting the property is not supported for this operation: Add. Property: urn:ietf:params:scim:schemas:extension:contoso:2.0:User:name.firstName",code="AttributeNotExportable")),
    "learnqa-79463": ({"matching-attribute-misconfigured","existing-account-not-matchable"}, logged("create",long("create", 409,refusal("email alias already assigned to another account",409,"uniqueness")))),
    "limosa-34": ({"value-path-unsupported"}, logged("update",long("update", 500,refusal('Replace is not implemented for "urn:ietf:params:scim:schemas:core:2.0:User.emails.value"',500)),[('emails[type eq "work"].value',"a","b"),(f"{ENTERPRISE}:department",None,"Retail")])),
    "metatavu-46": ({"filter-not-selective"}, logged("create","Multiple entries were found in the target system for Group 'Sales' with displayName eq 'Sales'",group=True,code="SystemForCrossDomainIdentityManagementMultipleEntriesInResponse",step="EntryImport")),
    "onyx-14074": ({"soft-delete-renames-user"}, logged("disable",long("update", 409,refusal("User with this username already exists",409,"uniqueness")),[("active","True","False"),("userName","adele.vance@contoso.example","f246ebf765425391a909ba219b6eb504adele.vance@contoso.example")])),
    "openwebui-18039": ({"filter-case-sensitive","filter-attribute-unsupported"}, logged("create","StatusCode: BadRequest " + NET + " Web Response: {\"detail\":\"Unsupported filter: USERNAME Eq \\\"adele.vance@contoso.example\\\"\"}. This operation was retried 0 times.",step="EntryImport")),
    "pingid-195": ({"value-path-unsupported"}, logged("update",long("update", 400,refusal('path addresses[type eq "work"].country must not contain filters for add operations',400,"invalidPath")),[('addresses[type eq "work"].country',None,"AT")])),
    "pingid-281": ({"patch-add-not-supported","value-path-unsupported","unhandled-exception-500"}, logged("update",long("update", 400,refusal('Add operation is not allowed on addresses[type eq "work"].locality: attribute already has a value',400,"invalidValue")),[('addresses[type eq "work"].locality',None,"Beaver")])),
    "pulumi-13236": ({"reference-unresolvable"}, logged("update",long("update", 400,{"code":400,"message":"Bad Request: members [0c3e9d0a-1111-4f4e-9a70-6b1b8e6f0001] are not members of the organization"}, kind="Group"),JOINS,group=True)),
    "rancher-54869": ({"filter-attribute-unsupported"}, logged("create","Failed to match an entry. StatusCode: BadRequest " + NET + " Web Response: "+json.dumps(refusal("filter attribute externalId is not supported, only userName",400,"invalidFilter"))+". This operation was retried 0 times.",step="EntryImport")),
    "refcode-48": ({"unhandled-exception-500"}, logged("update",long("update", 500,{"message":"Object reference not set to an instance of an object.","type":"System.NullReferenceException"}),[('phoneNumbers[type eq "mobile"].value',None,"+1 555")])),
    "ricoh-restart": ({"target-changed-outside-entra"}, logged("update",long("update", 404,refusal("Resource 2819c223 not found",404)),[("title","a","b")])),
    "scim-patch-187": ({"value-path-no-match-rejected"}, logged("update",long("update", 400,refusal("Target location is a multi-valued attribute for which a value selection filter has been supplied and no record match was made.",400,"noTarget")),[('addresses[type eq "work"].country',None,"country11")])),
    "scim-patch-453": ({"manager-value-shape"}, logged("update",long("update", 400,refusal("Invalid path: "+ENTERPRISE+":manager",400,"invalidPath")),[(f"{ENTERPRISE}:manager","2819",None)])),
    "scim-sdk-516": ({"roles-json-string-shape"}, logged("update",long("update", 400,refusal("the attribute 'urn:ietf:params:scim:schemas:core:2.0:User:roles' does not apply to its defined type. The received document contains an attribute of type 'string'",400,"invalidValue")),[("roles",None,'{"id":"1","value":"Admin","displayName":"Admin"}')])),
    "scim-sdk-missing-ext": ({"over-strict-validation"}, logged("create",long("create", 400,refusal(f"the document references the schema '{ENTERPRISE}' in its schemas attribute but the extension is missing",400,"invalidSyntax")))),
    "scim2-models-55": ({"patch-op-case-sensitive"}, logged("update",long("update", 400,{"detail":"1 validation error for PatchOp\nOperations.0.op\n  Input should be 'add', 'remove' or 'replace' [type=enum, input_value='Replace', input_type=str]"}),[("userName","a@x.y","b@x.y")])),
    "scimgateway-22": ({"request-content-type-refused"}, logged("create",long("create", 415,{"error":"Unsupported Media Type"}))),
    "scimitar-123": ({"pathless-dotted-keys-unsupported"}, logged("update",long("update", 400,refusal("Invalid resource: unknown attribute 'name.givenName'",400,"invalidSyntax")),[("name.givenName","a","b")])),
    "simpleidserver-280": ({"patch-add-not-supported"}, logged("update",long("update", 400,refusal("attribute externalId does not exist",400,"noTarget")),[("externalId",None,"7")])),
    "snipeit-11659": ({"mapping-targets-unsupported-attribute"}, logged("create",long("create", 400,refusal("Unknown path: phoneNumbers[type eq \"fax\"].value",400,"invalidSyntax")))),
    "snipeit-14708": ({"mapping-targets-unsupported-attribute"}, logged("create",long("create", 500,refusal('Write is not supported for attribute "preferredLanguage"',500)))),
    "snowflake-private-link": ({"endpoint-unreachable-or-blocked"}, logged("create","StatusCode: Forbidden " + NET + " Web Response: {\"message\":\"Incoming request with IP 20.1.2.3 is not allowed to access. Contact your account administrator. For more information about this error, go to https://docs\"}. This operation was retried 0 times.")),
    "so-52840348": ({"patch-value-shape-rejected","unknown-cause"}, logged("update",long("update", 400,refusal("Invalid value for name.givenName: expected string but got array",400,"invalidValue")),[("name.givenName","a","b")])),
    "sourcegraph-49200": ({"value-path-no-match-rejected"}, logged("update",long("update", 400,refusal("the specified path did not yield an attribute that could be operated on",400,"noTarget")),[('emails[type eq "work"].value',None,"a@x.y")])),
    "zitadel-9282": ({"patch-op-case-sensitive"}, logged("update",long("update", 400,refusal("Errors.InvalidArgument: unknown patch operation Replace",400,"invalidSyntax")),[("title","a","b")])),
    "scimitar-69": ({"pathless-dotted-keys-unsupported","unhandled-exception-500","unknown-cause"}, logged("update",long("update", 500,{"errors":["undefined method `[]=' for nil:NilClass"]}),[("name.familyName","a","b")])),
    "sourcegraph-49325": ({"disabled-user-not-returned","target-changed-outside-entra"}, logged("update",long("update", 404,refusal("User not found",404)),[("active","False","True")])),
    "infisical-6471-concurrent": ({"concurrent-member-update-lost"}, logged("update",long("update", 500,{"message":"could not serialize access due to concurrent update"}, kind="Group"),JOINS,group=True)),
    "wso2-8498": ({"endpoint-too-slow-or-throttled"}, logged("update",long("update", 504,"<html><body><h1>504 Gateway Time-out</h1>The server didn't respond in time.</body></html>", kind="Group"),JOINS,group=True)),
    "gitlab-34880": ({"sso-identity-conflict"}, logged("update",long("update", 400,refusal("extern_uid has already been taken by another SAML identity",400)),[("externalId","a","b")])),
    "chainguard-externalid": ({"sso-identity-conflict","unknown-cause"}, logged("update",None,[("externalId","adelev","f246ebf7-6542")],status="success")),
    "windmill-10081": ({"auth-scheme-unsupported"}, logged("create","The connector no longer supports the OAuth2 authorization code grant; use client credentials.",code="SystemForCrossDomainIdentityManagementCredentialValidationUnavailable")),
}  # fmt: skip

UNDECIDED = {
    "scimitar-123": "the log names the attribute, not that it stood as a key in a pathless operation",
    "simpleidserver-280": "the log does not name the operation, so Add cannot be told from Replace",
    "azure-docs-60316": "the log shows a success; only a read afterwards shows the stale answer",
    "refcode-8": "the log shows a success; only the exchange shows the status",
    "infisical-6525": "the log does not show what a group query returns",
    "suna-7297-active": "the log shows a success; only a read afterwards shows that nothing changed",
}
"""Rows, and reports without a row, of which the log does not tell enough."""


def named(record: dict[str, Any]) -> Diagnosis | None:
    counts, groups = group_events([read_record(record, "case")])
    found = diagnose(Evidence(groups=groups, counts=counts, now=datetime(2026, 7, 2, tzinfo=UTC)))
    return found.diagnoses[0] if found.diagnoses else None


@pytest.mark.parametrize("name", [n for n in LOGGED if n not in UNDECIDED])
def test_the_cause_is_named_from_the_log(name: str) -> None:
    causes, record = LOGGED[name]
    found = named(record)
    assert (found.cause if found else "unknown-cause") in causes
    assert found is None or found.confidence is not Confidence.CONFIRMED


@pytest.mark.parametrize("name", [n for n in LOGGED if n in UNDECIDED])
def test_what_the_log_does_not_tell_is_not_claimed(name: str) -> None:
    found = named(LOGGED[name][1])
    assert found is None or found.confidence is Confidence.POSSIBLE
