"""More ways in which apps word a refusal, each with the cause that it must lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scimdoctor.causes.engine import diagnose_case
from scimdoctor.model.diagnosis import Case, Confidence
from tests.causes.build import (
    ENTERPRISE,
    about,
    event,
    job,
    listed,
    on,
    op,
    patch,
    reason,
    schema,
    scim,
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
    from collections.abc import Iterable


def bare(action: str, text: str, **more: Any) -> Case:
    """An event with a bare text."""
    return on(event(action, text, **more))


WORDINGS: tuple[tuple[str, Case], ...] = (
    ('existing-account-not-matchable',bare('create','Failed to create User. The user email is already taken by another account')),
    ('existing-account-not-matchable',failed('create',409,scim('Email already in use',None,409))),
    ('existing-account-not-matchable',failed('update',409,scim('userName already in use','uniqueness',409))),
    ('existing-account-not-matchable',failed('create',409,{'Errors':[{'description':'userName or email is already taken','code':409}]})),
    ('existing-account-not-matchable',failed('create',409,{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'detail':'Duplicate username.  Another user has already selected this username.','status':'409'})),
    ('existing-account-not-matchable',failed('create',409,'{"Errors":[{"description":"User already exists in another account","code":1000}]}')),
    ('value-not-allowed-by-app',bare('create','Email domain not allowed')),
    ('value-not-allowed-by-app',bare('create','Invalid email address: foo')),
    ('value-not-allowed-by-app',failed('create',400,scim('Username must be an email address','invalidValue'))),
    ('value-not-allowed-by-app',failed('create',400,scim("Value 'xx' for attribute 'locale' is not valid",'invalidValue'))),
    ('value-not-allowed-by-app',failed('create',422,{'errors':{'userName':['The userName format is invalid.']}})),
    ('value-not-allowed-by-app',failed('create',400,{'message':"1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\p{L}]+"})),
    ('value-not-allowed-by-app',failed('create',400,scim("Group display name 'x' contains characters that are not allowed",'invalidValue'),group=True)),
    ('required-attribute-empty-in-source',failed('create',400,scim("Attribute 'emails' is required but was not provided",'invalidValue'))),
    ('required-attribute-empty-in-source',failed('create',400,scim('LastName: Required fields are missing: [LastName]','invalidValue'))),
    ('required-attribute-empty-in-source',failed('create',400,scim("Required attribute 'urn:ietf:params:scim:schemas:core:2.0:User:name.familyName' is missing",'invalidValue'))),
    ('required-attribute-empty-in-source',failed('create',400,{'type':'https://tools.ietf.org/html/rfc7231#section-6.5.1','title':'One or more validation errors occurred.','status':400,'traceId':'x','errors':{'Name.GivenName':['The GivenName field is required.']}})),
    ('required-attribute-empty-in-source',failed('create',400,{'errors':[{'msg':'email is required','param':'emails','location':'body'}]})),
    ('required-attribute-empty-in-source',failed('create',500,{'error':'null value in column "last_name" violates not-null constraint'})),
    ('required-attribute-empty-in-source',failed('create',400,{'schemas':['urn:ietf:params:scim:api:messages:2.0:Error'],'scimType':'invalidValue','detail':'A required value was missing, or the value specified was not compatible with the operation or attribute type','status':'400'})),
    ('mapping-targets-unsupported-attribute',failed('update',400,scim("Attribute 'title' is not supported",'invalidPath'))),
    ('mapping-targets-unsupported-attribute',failed('create',400,scim("The attribute preferredLanguage is not defined in the schema",'invalidSyntax'))),
    ('mapping-targets-unsupported-attribute',failed('update',400,scim("Unknown attribute: nickName",'invalidPath'))),
    ('mapping-targets-unsupported-attribute',failed('update',400,scim("Unsupported attribute: phoneNumbers",'invalidValue'))),
    ('mapping-targets-unsupported-attribute',bare('update','HTTP 400: unsupported attribute title')),
    ('mapping-targets-unsupported-attribute',patched(patch(op('Add','title','x')),400,scim("Attribute title is not supported",'invalidPath'))),
    ('value-path-unsupported',patched(patch(op('Replace',WORK,'x')),400,scim('Invalid path','invalidPath'))),
    ('value-path-unsupported',patched(patch(op('Replace',WORK,'x')),400,{'error':'Unsupported path'})),
    ('value-path-unsupported',bare('update','Invalid attribute path emails[type eq "work"].value')),
    ('value-path-unsupported',failed('update',400,scim('Impossible to search on a mono valued attribute.','invalidSyntax'))),
    ('extension-urn-path-unsupported',failed('update',400,scim('Attribute urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department could not be found','invalidPath'))),
    ('extension-urn-path-unsupported',patched(patch(op('Add',ENTERPRISE+':department','x')),500,scim('Internal server error',None,500))),
    ('manager-value-shape',patched(patch(op('Replace',MANAGER,'')),400,scim('Invalid value','invalidValue'))),
    ('manager-value-shape',patched(patch(op('Add',MANAGER,'7')),500,{'message':"Cannot create property 'value' on string '7'"})),
    ('manager-value-shape',failed('update',400,{'error':'json: cannot unmarshal string into Go struct field EnterpriseUser.manager of type scim.Manager'})),
    ('boolean-string-rejected',failed('disable',400)),
    ('boolean-string-rejected',failed('disable',422,{'detail':[{'type':'bool_parsing','loc':['body','active'],'msg':'Input should be a valid boolean, unable to interpret input'}]})),
    ('boolean-string-rejected',patched(DISABLE,400,scim('Invalid value for active','invalidValue'))),
    ('boolean-string-rejected',patched(DISABLE,400,{'errors':{'$.Operations[0].value':['The JSON value could not be converted to System.Boolean. Path: $.Operations[0].value']}})),
    ('patch-op-case-sensitive',patched(DISABLE,400,scim("op 'Replace' is invalid",'invalidSyntax'))),
    ('patch-op-case-sensitive',bare('update','unsupported operation: Replace')),
    ('patch-op-case-sensitive',failed('update',400,{'error':'"Replace" is not a valid choice.'})),
    ('patch-op-case-sensitive',failed('update',400,scim('PATCH operation must be one of add, remove, replace','invalidSyntax'))),
    ('patch-op-case-sensitive',failed('update',400,scim("Unsupported operation type 'Add'"))),
    ('non-idempotent-write',failed('update',409,scim('Member already exists in group','uniqueness',409),group=True)),
    ('non-idempotent-write',failed('update',400,{'message':'User is already deactivated'})),
    ('non-idempotent-write',sent('PATCH','/Groups/g1',ADD_MEMBER,409,{'message':'conflict'})),
    ('non-idempotent-write',sent('PATCH','/Groups/g1',ADD_MEMBER,500,{'error':'duplicate key value violates unique constraint "group_members_pkey"'})),
    ('reference-unresolvable',failed('update',404,scim('User 77 not found',None,404),group=True)),
    ('reference-unresolvable',failed('update',400,{'error':'insert or update on table "group_members" violates foreign key constraint'},group=True)),
    ('target-changed-outside-entra',patched(patch(op('Replace','displayName','x')),404,scim('User not found',None,404))),
    ('target-changed-outside-entra',failed('disable',404,scim('User not found',None,404))),
    ('target-changed-outside-entra',failed('update',404)),
    ('target-changed-outside-entra',failed('delete',404)),
    ('app-policy-refuses-change',failed('disable',403,scim('You cannot deactivate an administrator',None,403))),
    ('app-policy-refuses-change',failed('delete',403,{'message':'Deleting users is not allowed'})),
    ('app-policy-refuses-change',failed('update',400,scim('Cannot update inactive user'))),
    ('app-policy-refuses-change',failed('update',403)),
    ('app-policy-refuses-change',bare('delete','Cannot delete group because it is referenced by a project')),
    ('immutable-attribute-refused',failed('update',400,scim('Changing userName is not allowed','mutability'))),
    ('immutable-attribute-refused',failed('update',400,scim("Attribute 'emails' can't be modified"))),
    ('immutable-attribute-refused',failed('update',400,{'message':'email is not editable'})),
    ('token-expired-or-revoked',about(job(reason(401,'')))),
    ('token-expired-or-revoked',bare('update','StatusCode: Unauthorized')),
    ('token-expired-or-revoked',about(job('invalid token',code='SystemForCrossDomainIdentityManagementInvalidCredentials'))),
    ('endpoint-unreachable-or-blocked',about(job('The underlying connection was closed: An unexpected error occurred on a send.'))),
    ('endpoint-unreachable-or-blocked',about(job('No connection could be made because the target machine actively refused it.'))),
    ('tenant-url-wrong',about(job('Unexpected character encountered while parsing value: <. Path \'\', line 0, position 0.'))),
    ('tenant-url-wrong',asked('/Users?filter=userName eq "x"',404,'<html><body><h1>Not Found</h1></body></html>')),
    ('tenant-url-wrong',about(job('StatusCode: NotFound Message: ... Web Response: <!DOCTYPE html><html><head><title>Page not found</title>'))),
    ('groups-endpoint-missing',about(job('Received response from Web resource. Resource: https://host/scim/Groups?excludedAttributes=members&filter=displayName+eq+"x" Operation: GET Response Status Code: NotFound'))),
    ('filter-no-match-404',about(job('Received response from Web resource. Resource: https://host/scim/Users?filter=userName+eq+"x" Operation: GET Response Status Code: NotFound Response Content: {"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"detail":"User not found","status":"404"}'))),
    ('tenant-url-wrong',about(job('Received response from Web resource. Resource: https://host/Users?filter=userName+eq+"x" Operation: GET Response Status Code: NotFound'))),
    ('unhandled-exception-500',failed('create',500,scim('Internal server error',None,500))),
    ('unhandled-exception-500',failed('update',500,{'error':"Cannot read properties of undefined (reading 'value')"})),
    ('unhandled-exception-500',sent('POST','/Users',user(),500,'Internal Server Error')),
    ('unhandled-exception-500',about(job(reason(500,'')))),
    ('filter-value-parse-failure',asked('/Users?filter=userName eq "o\'brien@example.com"',400,scim('invalid filter','invalidFilter'))),
    ('filter-attribute-unsupported',asked('/Groups?filter=displayName eq "Staff"',400,scim('Filtering is not supported','invalidFilter'))),
    ('filter-attribute-unsupported',asked('/Users?filter=externalId eq "abc-def"',500)),
    ('filter-attribute-unsupported',bare('create','Filter attribute externalId is not supported')),
    ('filter-case-sensitive',asked('/Users?filter=userName Eq "ada@example.com"',400,scim('invalid operator','invalidFilter'))),
    ('response-attribute-malformed',bare('update','Error converting value "0" to type Manager. Path manager')),
    ('role-mapping-wrong',failed('update',400,scim("Role 'msiam_access' is not valid",'invalidValue'))),
    ('app-prerequisite-missing',failed('create',400,scim("Role 'Sales' does not exist",'invalidValue'))),
    ('app-prerequisite-missing',failed('create',403,{'detail':'You do not have permission to perform this action.'})),
    ('app-prerequisite-missing',failed('create',402,'Payment required')),
    ('over-strict-validation',failed('create',400,scim('Request is unparsable, syntactically incorrect, or violates schema.','invalidSyntax'))),
    ('over-strict-validation',failed('create',400,{'message':'meta is not allowed'})),
    ('patch-value-shape-rejected',failed('update',400,scim('Expected array but got string for emails','invalidValue'))),
    ('pathless-dotted-keys-unsupported',failed('update',400,scim('path is required','invalidPath'))),
    ('members-remove-value-not-understood',sent('PATCH','/Groups/g1',REMOVE_MEMBER,400,scim('Path is required for remove operation','noTarget'))),
    ('members-remove-value-not-understood',sent('PATCH','/Groups/g1',REMOVE_MEMBER,400,scim('invalid path','invalidPath'))),
    ('duplicate-create-not-409',failed('create',400,scim('Email has already been taken'))),
    ('duplicate-create-not-409',failed('create',500,{'message':"SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry 'a' for key 'users.email'"})),
    ('endpoint-too-slow-or-throttled',failed('update',503)),
    ('endpoint-too-slow-or-throttled',bare('update','Response status code does not indicate success: 429 (Too Many Requests).')),
    ('oauth-token-endpoint-incompatible',about(job('unsupported_grant_type'))),
    ('auth-scheme-unsupported',about(job(reason(401,'The audience is invalid')))),
    ('request-content-type-refused',failed('create',415)),
    ('request-content-type-refused',bare('create','HTTP 415: Unsupported Media Type')),
    ('patch-method-missing',bare('update','HTTP 501 Not Implemented')),
    ('custom-attribute-definition-invalid',bare('create',"The attribute name 'foo' is not valid. Custom attributes must start with urn:ietf:params:scim:schemas:extension")),
    ('mapping-missing-attribute',Case(event=event('create',reason(400,scim('department is required','invalidValue'))),schema=schema('userName','active'))),
    ('scoping-misconfigured',bare('other','The User is not assigned to the application',code='NotEffectivelyEntitled',status='skipped')),
    ('required-attribute-empty-in-source',bare('other','x',code='AttributeValidationFailed',status='skipped')),
    ('concurrent-member-update-lost',failed('update',500,{'error':'Deadlock found when trying to get lock; try restarting transaction'},group=True)),
    ('app-prerequisite-missing',failed('create',400,{'message':'LICENSE_LIMIT_EXCEEDED'})),
    ('existing-account-not-matchable',failed('create',409,{'errorCode':'DUPLICATE_USERNAME'})),
    ('required-attribute-empty-in-source',failed('create',400,{'errorCode':'REQUIRED_FIELD_MISSING','message':'Required fields are missing: [LastName]'})),
    ('value-not-allowed-by-app',failed('create',400,{'message':'Alias: data value too large: abcdefghijk (max length=8)'})),
    ('value-path-unsupported',patched(patch(op('Replace',WORK,'x')),400,scim('Invalid value','invalidValue'))),
    ('value-path-unsupported',patched(patch(op('Replace',WORK,'x')),400,scim('Invalid syntax','invalidSyntax'))),
    ('boolean-string-rejected',patched(DISABLE,400,scim('Invalid value','invalidValue'))),
    ('manager-value-shape',patched(patch(op('Add',MANAGER,'7')),400,scim('Request is unparsable, syntactically incorrect, or violates schema.','invalidSyntax'))),
    ('manager-value-shape',Case(event=event('update',reason(500),properties={MANAGER:(None,'7')}))),
    ('value-path-unsupported',Case(event=event('update',reason(400),properties={WORK:(None,'7')}))),
    ('extension-urn-path-unsupported',Case(event=event('update',reason(400),properties={ENTERPRISE+':department':(None,'7')}))),
    ('unhandled-exception-500',failed('update',500,scim('',None,500))),
    ('response-attribute-malformed',asked('/Users?filter=userName eq "ada@example.com"',200,listed({'userName':'ada@example.com'}))),
    ('over-strict-validation',sent('POST','/Users',{'schemas':['urn:ietf:params:scim:schemas:core:2.0:User'],'userName':'x','roles':[]},400)),
    ('value-not-allowed-by-app',failed('create',400,scim('List attribute emails exceeds allowed limit of 1','invalidValue'))),
    ('app-prerequisite-missing',failed('create',422,{'message':'You must purchase at least one more seat to add this user as a member.'})),
    ('value-not-allowed-by-app',failed('create',400,{'Errors':{'description':'invalid_email','code':400}})),
    ('target-changed-outside-entra',failed('update',404,{'Errors':{'description':'user_not_found','code':404}})),
    ('existing-account-not-matchable',failed('create',409,{'Errors':{'description':'username_taken','code':409}})),
    ('app-prerequisite-missing',failed('create',400,'You have reached the maximum number of users allowed for your account')),
    ('endpoint-unreachable-or-blocked',about(job('Incoming request with IP 20.1.2.3 is not allowed to access Snowflake. Network policy'))),
    ('token-expired-or-revoked',about(job('SystemForCrossDomainIdentityManagementCredentialValidationUnavailable: We received this unexpected response from your application: Received response from Web resource. Resource: https://h/Users?filter=userName+eq+%22x%22 Operation: GET Response Status Code: Unauthorized Response Headers: x Response Content: {"detail":"Authentication failure","status":"401"}'))),
    ('required-attribute-empty-in-source',bare('create',"The user could not be created because the required attribute 'emails' is missing.")),
    ('groups-endpoint-missing',failed('create',404,{'message':'route not found: /scim/v2/Groups'},group=True)),
    ('app-policy-refuses-change',failed('delete',405)),
    ('app-policy-refuses-change',failed('disable',409,scim('User cannot be deactivated because they own active projects',None,409))),
    ('non-idempotent-write',failed('update',400,scim('User is already in group',None),group=True)),
    ('members-remove-value-not-understood',failed('update',400,scim("remove operation requires a path filter",'noTarget'),group=True)),
    ('patch-op-case-sensitive',failed('update',400,scim("Unknown PATCH op: Add",'invalidSyntax'),group=True)),
    ('patch-op-case-sensitive',failed('update',400,{'title':'One or more validation errors occurred.','errors':{'Operations[0].op':["The value 'Replace' is not valid for op."]}})),
    ('boolean-string-rejected',failed('update',400,{'title':'One or more validation errors occurred.','errors':{'$.active':['The JSON value could not be converted to System.Boolean. Path: $.active']}})),
    ('immutable-attribute-refused',failed('update',400,scim('Updating userName is not supported','mutability'))),
    ('filter-attribute-unsupported',failed('create',400,scim("Invalid filter: attribute 'externalId' is not filterable",'invalidFilter'))),
    ('filter-attribute-unsupported',bare('create','Filter type unsupported: emails[type eq "work"].value eq "x"')),
    ('request-content-type-refused',failed('create',400,{'message':'Unsupported content type application/scim+json'})),
    ('endpoint-too-slow-or-throttled',about(job('The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.'))),
    ('reference-unresolvable',bare('update','Unable to resolve reference attribute value manager')),
    ('secret-token-unusable',about(job('Failed to save credentials: the secret token is too long'))),
    ('needs-scim-compliance-flag',bare('update','Add ?aadOptscim062020 to the tenant URL')),
    ('role-mapping-wrong',bare('create','AppRoleAssignmentsComplex cannot be used with SingleAppRoleAssignment')),
    ('duplicate-create-not-409',failed('create',400,{'non_field_errors':['The fields organization, email must make a unique set.']})),
    ('custom-attribute-definition-invalid',bare('create','exporting the property is not supported')),
    ('required-attribute-empty-in-source',failed('create',400,scim("Schema validation failed: emails: Required attribute 'emails' is missing.",'invalidValue'))),
    ('endpoint-unreachable-or-blocked',about(job('Unable to connect to remote server'))),
    ('value-not-allowed-by-app',failed('create',400,scim('Invalid organization role.'))),
    ('value-not-allowed-by-app',failed('create',400,scim("The provided user's username is invalid"))),
    ('role-mapping-wrong',failed('create',400,scim("'Developer' is not a valid primary role"))),
    ('existing-account-not-matchable',failed('create',409,scim('unclaimed user already exists for that email address. Please claim user instead.','uniqueness',409))),
    ('app-policy-refuses-change',failed('update',400,scim('Cannot deactivate an owner'))),
)  # fmt: skip


def _rows() -> Iterable[Any]:
    for number, (cause, case) in enumerate(WORDINGS):
        yield pytest.param(cause, case, id=f"{number} {cause}")


@pytest.mark.parametrize(("cause", "case"), list(_rows()))
def test_the_cause_is_named_first(cause: str, case: Case) -> None:
    assert diagnose_case(case).cause == cause


NEAR_MISSES: tuple[tuple[str, Case], ...] = (
    (
        "over-strict-validation",
        failed("create", 400, scim("Schema urn:acme:schemas:1:User does not exist")),
    ),
    ("unknown-cause", failed("update", 400, scim("The SCIM PATCH request is invalid"))),
    ("unknown-cause", about(job("You are able to connect to remote servers"))),
    ("unknown-cause", failed("update", 400, scim("Your organization role was read"))),
)


@pytest.mark.parametrize(("cause", "case"), NEAR_MISSES)
def test_a_near_wording_leads_elsewhere(cause: str, case: Case) -> None:
    assert diagnose_case(case).cause == cause


def test_a_refused_role_may_be_the_fault_of_the_mapping_or_of_the_app() -> None:
    found = diagnose_case(failed("create", 400, scim("Unknown custom role 'qa-team'")))
    assert found.cause == "role-mapping-wrong"
    assert found.confidence is Confidence.POSSIBLE
