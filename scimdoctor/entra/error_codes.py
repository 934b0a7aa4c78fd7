"""Entra's provisioning error codes: what each means and who acts.

Codes carry prefixes (`SystemForCrossDomainIdentityManagement…`, the app's name), so they are
compared by suffix, in any letter case. Sources: [A] Entra documentation, "analyze provisioning
logs"; [G] Graph reference samples; [R] public reports; [V] Microsoft's gallery validation guide.
"""

from __future__ import annotations

from dataclasses import dataclass

from scimdoctor.model.rule import FixedBy

ADMIN, APP, EITHER, WAIT = (
    FixedBy.ENTRA_ADMIN,
    FixedBy.APP_DEVELOPER,
    FixedBy.EITHER,
    FixedBy.WAIT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCode:
    """One row: `suffix` is the end of the code as logged."""

    suffix: str
    meaning: str
    action: str
    who: FixedBy
    source: str
    cause: str | None = None
    """The root cause it stands for by itself, if it stands for one."""


ERROR_CODES: tuple[ErrorCode, ...] = (
    ErrorCode(
        suffix="MultipleEntriesInResponse",
        who=EITHER,
        source="A",
        meaning="An eq query returned more than one resource.",
        action="Make eq an exact comparison in the app, or remove the duplicates there.",
        cause="filter-not-selective",
    ),
    ErrorCode(
        suffix="DuplicateTargetEntries",
        who=EITHER,
        source="A",
        meaning="The matching query returned more than one object of the app.",
        action="Make eq an exact comparison in the app, or remove the duplicates there.",
        cause="filter-not-selective",
    ),
    ErrorCode(
        suffix="DuplicateSourceEntries",
        who=ADMIN,
        source="A",
        meaning="Several Entra objects produce the same matching value.",
        action="Correct the source data or the matching expression.",
        cause="matching-attribute-misconfigured",
    ),
    ErrorCode(
        suffix="EntryConflict",
        who=EITHER,
        source="A, G",
        meaning="The app already holds an object that collides with this one.",
        action="Make the existing object findable by the matching attribute, or remove it.",
        cause="existing-account-not-matchable",
    ),
    ErrorCode(
        suffix="Conflict",
        who=EITHER,
        source="A",
        meaning="The app already holds an object that collides with this one.",
        action="Make the existing object findable by the matching attribute, or remove it.",
        cause="existing-account-not-matchable",
    ),
    ErrorCode(
        suffix="TooManyRequests",
        who=APP,
        source="A, R",
        meaning="The app throttled the request (429).",
        action="Allow 25 requests a second per tenant, or wait for the next cycles.",
        cause="endpoint-too-slow-or-throttled",
    ),
    ErrorCode(
        suffix="InternalServerError",
        who=APP,
        source="A",
        meaning="The app answered 500.",
        action="Read the app's own log for the moment of the failure.",
        cause="unhandled-exception-500",
    ),
    ErrorCode(
        suffix="InternalError",
        who=WAIT,
        source="A",
        meaning="A fault inside Entra's provisioning service.",
        action="Wait for the next cycles; open a support case if it stays.",
        cause="entra-service-fault",
    ),
    ErrorCode(
        suffix="Timeout",
        who=APP,
        source="A",
        meaning="No answer came in time.",
        action="Answer faster; check the firewall if no request arrives at all.",
        cause="endpoint-too-slow-or-throttled",
    ),
    ErrorCode(
        suffix="WebExceptionProtocolError",
        who=APP,
        source="A",
        meaning="The HTTP conversation broke: TLS, headers, or a connection closed early.",
        action="Check TLS 1.2, the certificate chain and every proxy in front of the app.",
        cause="endpoint-unreachable-or-blocked",
    ),
    ErrorCode(
        suffix="InsufficientRights",
        who=ADMIN,
        source="A",
        meaning="The credentials work but do not allow this operation.",
        action="Give the token's owner the role that the app asks for.",
        cause="app-prerequisite-missing",
    ),
    ErrorCode(
        suffix="NotPermitted",
        who=EITHER,
        source="A",
        meaning="The app does not permit this operation.",
        action="Read the app's answer; it names the rule.",
        cause="app-policy-refuses-change",
    ),
    ErrorCode(
        suffix="MethodNotAllowed",
        who=APP,
        source="A",
        meaning="The app does not implement the HTTP method on this path.",
        action="Implement PATCH on /Users/{id} and /Groups/{id}.",
        cause="patch-method-missing",
    ),
    ErrorCode(
        suffix="Unauthorized",
        who=ADMIN,
        source="A",
        meaning="The app refused the credentials (401).",
        action="Create a new token in the app, save it in Entra, restart provisioning.",
        cause="token-expired-or-revoked",
    ),
    ErrorCode(
        suffix="UnprocessableEntity",
        who=EITHER,
        source="A",
        meaning="The app understood the request and refused its content (422).",
        action="Read the app's answer; it names the attribute.",
        cause=None,
    ),
    ErrorCode(
        suffix="NotImplemented",
        who=APP,
        source="A",
        meaning="The app answered 501.",
        action="Implement the operation, or switch off the mapping that needs it.",
        cause=None,
    ),
    ErrorCode(
        suffix="InvalidAnchor",
        who=ADMIN,
        source="A",
        meaning="The object with the stored id is gone from the app, or its id changed.",
        action="Restart provisioning (full), so that Entra matches anew.",
        cause="target-changed-outside-entra",
    ),
    ErrorCode(
        suffix="MandatoryFieldsMissing",
        who=ADMIN,
        source="A",
        meaning="A required attribute had no value.",
        action="Fill the source attribute, or give the mapping a default value.",
        cause="required-attribute-empty-in-source",
    ),
    ErrorCode(
        suffix="MissingValues",
        who=ADMIN,
        source="A",
        meaning="A required attribute had no value.",
        action="Fill the source attribute, or give the mapping a default value.",
        cause="required-attribute-empty-in-source",
    ),
    ErrorCode(
        suffix="SchemaAttributeNotFound",
        who=ADMIN,
        source="A",
        meaning="The mapping names an attribute that the app does not know.",
        action="Remove the attribute from the mapping, or correct its name.",
        cause="mapping-targets-unsupported-attribute",
    ),
    ErrorCode(
        suffix="SchemaPropertyCanOnlyAcceptValue",
        who=ADMIN,
        source="A",
        meaning="The attribute takes one value, but the source gives several or an unlisted one.",
        action="Map a single-valued source, or a value that the app lists.",
        cause="value-not-allowed-by-app",
    ),
    ErrorCode(
        suffix="InvalidDomain",
        who=ADMIN,
        source="A",
        meaning="The domain of a name or e-mail address is not accepted by the app.",
        action="Verify the domain in the app, or keep such users out of scope.",
        cause="value-not-allowed-by-app",
    ),
    ErrorCode(
        suffix="LicenseLimitExceeded",
        who=ADMIN,
        source="A",
        meaning="The app has no free licence.",
        action="Buy or free licences in the app.",
        cause="app-prerequisite-missing",
    ),
    ErrorCode(
        suffix="ImportSkipped",
        who=ADMIN,
        source="A",
        meaning="The object was skipped on import: its matching attribute is empty.",
        action="Fill the attribute, or match on one that every object has.",
        cause="required-attribute-empty-in-source",
    ),
    ErrorCode(
        suffix="EntrySynchronizationSkipped",
        who=ADMIN,
        source="A",
        meaning="The object was skipped; the skip reason says why.",
        action="Read the skip reason and the scoping step.",
        cause=None,
    ),
    ErrorCode(
        suffix="ServiceIncompatibleFiltering",
        who=APP,
        source="R",
        meaning="Entra's catch-all for an unwelcome answer to a query or create.",
        action="Read the app's answer behind 'Web Response'.",
        cause=None,
    ),
    ErrorCode(
        suffix="ServiceIncompatible",
        who=APP,
        source="A, R",
        meaning="The app's answer could not be used: wrong status, wrong shape, or no SCIM at all.",
        action="Read the app's answer behind 'Web Response'.",
        cause=None,
    ),
    ErrorCode(
        suffix="ManagementBadResponse",
        who=APP,
        source="R",
        meaning="The app's answer could not be used.",
        action="Read the app's answer behind 'Web Response'.",
        cause=None,
    ),
    ErrorCode(
        suffix="CredentialValidationUnavailable",
        who=EITHER,
        source="R, V",
        meaning="The test query got no answer, or one that Entra did not expect.",
        action="Check tenant URL, token, firewall, and the answer that the message quotes.",
        cause=None,
    ),
    ErrorCode(
        suffix="CredentialValidationFailure",
        who=ADMIN,
        source="R",
        meaning="The credentials were refused, or the OAuth settings are incomplete.",
        action="Renew the token, or complete the OAuth settings.",
        cause=None,
    ),
    ErrorCode(
        suffix="InvalidCredentials",
        who=ADMIN,
        source="G, V",
        meaning="Tenant URL or credentials (secret token, or OAuth client id and secret) are missing "
        "or refused.",
        action="Renew the token or the client secret, test the connection, restart provisioning.",
        cause="token-expired-or-revoked",
    ),
    ErrorCode(
        suffix="UnableToResolveReferenceAttributeValue",
        who=ADMIN,
        source="R",
        meaning="A manager or member is not (yet) in the app.",
        action="Bring the referenced object into scope; later cycles then set the reference.",
        cause="reference-unresolvable",
    ),
    ErrorCode(
        suffix="NotEffectivelyEntitled",
        who=ADMIN,
        source="R",
        meaning="The object is not assigned, not active, or outside the scoping filter.",
        action="Read the scoping step of the event.",
        cause="scoping-misconfigured",
    ),
    ErrorCode(
        suffix="AzureActiveDirectoryForbidden",
        who=ADMIN,
        source="A",
        meaning="The target tenant refused the write (cross-tenant synchronization).",
        action="Check external collaboration settings in the target tenant.",
        cause="app-policy-refuses-change",
    ),
    ErrorCode(
        suffix="CannotUpdateObjectsOriginatedInExternalService",
        who=ADMIN,
        source="A",
        meaning="The target object is mastered elsewhere, for example in on-premises AD.",
        action="Change the object at its source, or take it out of scope.",
        cause="app-policy-refuses-change",
    ),
    ErrorCode(
        suffix="B2BManagementPolicyCheckFailure",
        who=ADMIN,
        source="A, G",
        meaning="Automatic redemption is not allowed by both tenants.",
        action="Allow automatic redemption in both tenants' cross-tenant access settings.",
        cause="app-prerequisite-missing",
    ),
    ErrorCode(
        suffix="InvitationCreationFailure",
        who=ADMIN,
        source="A",
        meaning="Inviting the user into the target tenant failed.",
        action="Check the collaboration settings and the user's addresses.",
        cause="value-not-allowed-by-app",
    ),
    ErrorCode(
        suffix="InvitationCreationFailureInvalidPropertyValue",
        who=ADMIN,
        source="A",
        meaning="A value of the invitation is not acceptable.",
        action="Check the user's addresses and domain.",
        cause="value-not-allowed-by-app",
    ),
    ErrorCode(
        suffix="QuotaLimitExceeded",
        who=ADMIN,
        source="A",
        meaning="The target tenant's object quota is used up.",
        action="Raise the quota or delete objects.",
        cause="app-prerequisite-missing",
    ),
    ErrorCode(
        suffix="EndpointUnavailable",
        who=ADMIN,
        source="R",
        meaning="The provisioning agent or the directory behind it could not be reached.",
        action="Check the agent's service and network.",
        cause="endpoint-unreachable-or-blocked",
    ),
)


def find_error_code(code: str | None) -> ErrorCode | None:
    """The row whose suffix `code` ends with, the longest first; `None` if there is none."""
    if not code:
        return None
    wanted = code.strip().casefold()
    fitting = [row for row in ERROR_CODES if wanted.endswith(row.suffix.casefold())]
    return max(fitting, key=lambda row: len(row.suffix), default=None)
