"""What would tell each cause from the others that fit: one observation, said as a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TOLD_BY: Mapping[str, str] = {
    "tenant-url-wrong": "no path under the tenant URL answers as SCIM, not even /ServiceProviderConfig",
    "endpoint-unreachable-or-blocked": "the app's own log shows no such request",
    "endpoint-too-slow-or-throttled": "the app's log shows the request, answered late or refused for load",
    "app-prerequisite-missing": "it works once the role, licence or switch is given in the app",
    "token-expired-or-revoked": "a newly made token works",
    "secret-token-unusable": "the token fails outside Entra, too, or works for some requests only",
    "auth-scheme-unsupported": "the 401 asks for Basic or another scheme in WWW-Authenticate",
    "oauth-token-endpoint-incompatible": "the token endpoint refuses the client credentials",
    "request-content-type-refused": "the same request with Content-Type: application/json passes",
    "response-content-type-wrong": "the answer's Content-Type is neither application/scim+json nor JSON",
    "groups-endpoint-missing": "GET /Groups fails while GET /Users works",
    "filter-no-match-404": "the query gives 200 for somebody who exists and 404 for nobody",
    "list-response-malformed": "a query's answer lacks Resources, totalResults or schemas",
    "filter-attribute-unsupported": "a filter on userName works and the one on this attribute does not",
    "filter-case-sensitive": "the same filter in other letter case has another result",
    "filter-value-parse-failure": "a filter with a plain value works",
    "filter-misses-existing": "GET by id shows the object that the filter does not find",
    "filter-not-selective": "an eq filter returns objects with another value",
    "excluded-attributes-ignored": "members come back with excludedAttributes=members",
    "disabled-user-not-returned": "a disabled user is not found, and found again once enabled in the app",
    "existing-account-not-matchable": "somebody in the app holds the name, e-mail or id already",
    "matching-attribute-misconfigured": "that object's matching attribute differs from what Entra asks for",
    "response-attribute-malformed": "GET by id shows an attribute in another type than RFC 7643's",
    "over-strict-validation": "the request is refused without the value, too, or holds what is called missing",
    "required-attribute-empty-in-source": "the attribute is empty in Entra for those that fail only",
    "value-not-allowed-by-app": "the same request with another value passes",
    "duplicate-create-not-409": "the create of an existing object is answered other than 409 uniqueness",
    "attribute-not-stored-or-returned": "a read after the write lacks the value",
    "write-response-wrong": "the object is right afterwards, and only the answer is not",
    "patch-method-missing": "GET by id finds the object, and every PATCH of it fails",
    "patch-op-case-sensitive": "the same PATCH with add, replace, remove in lower case passes",
    "patch-add-not-supported": "the same PATCH with replace in the place of add passes",
    "boolean-string-rejected": "the same PATCH with true or false as a boolean passes",
    "patch-value-shape-rejected": "the same value in another shape (plain, list, object) passes",
    "pathless-dotted-keys-unsupported": "the same change with a path passes",
    "extension-urn-path-unsupported": "the PATCH passes without the operation on the extension's URN",
    "value-path-unsupported": "every operation with a filter in its path fails, whether it matches or not",
    "value-path-no-match-rejected": "the operation passes for a user who has such an element already",
    "value-path-add-creates-duplicates": "the user has several elements of one type afterwards",
    "manager-value-shape": 'the PATCH passes with manager as {"value": id}, or without manager',
    "roles-json-string-shape": "the PATCH passes without roles, or with a plain role name",
    "needs-scim-compliance-flag": "it works with ?aadOptscim062020 on the tenant URL",
    "patch-accepted-not-applied": "a read after the PATCH shows the old value",
    "replace-clears-unsent-values": "a read after the write lacks values that were not sent",
    "members-remove-value-not-understood": "removing one member by a filter in the path works",
    "concurrent-member-update-lost": "the same changes one after the other keep all members",
    "non-idempotent-write": "the change was in effect before the request",
    "unhandled-exception-500": "the app's log shows an exception for the request",
    "immutable-attribute-refused": "a change of other attributes of the same object passes",
    "app-policy-refuses-change": "the app refuses the same change by hand, too",
    "reference-unresolvable": "the member or manager that was sent is not in the app",
    "mapping-targets-unsupported-attribute": "the request passes without the attribute",
    "mapping-missing-attribute": "the attribute that is missed is in no mapping",
    "custom-attribute-definition-invalid": "the attribute has no extension's URN in the attribute list",
    "role-mapping-wrong": "the role's value in Entra is none that the app lists",
    "sso-identity-conflict": "the sign-in's identifier differs from the one that SCIM sends",
    "scoping-misconfigured": "the scoping step says False for it",
    "change-not-detected": "the next change of the object is sent",
    "cleared-attribute-not-sent": "the value was emptied in Entra",
    "target-changed-outside-entra": "GET by id does not find the object, and others are found",
    "soft-delete-renames-user": "the new userName begins with 32 hexadecimal digits",
    "validator-false-positive": "real provisioning works where the test complains",
    "entra-service-fault": "a later cycle passes with nothing changed",
    "expected-behaviour": "the documentation describes just this",
}  # fmt: skip
"""By cause; `unknown-cause` is nothing to be told."""


def apart(first: str, others: Iterable[str]) -> str:
    """How to tell `first` from the `others`; empty if there are none."""
    told = [f"{cause} if {TOLD_BY[cause]}" for cause in (first, *others) if cause in TOLD_BY]
    return f"What tells them apart: {'; '.join(told)}." if len(told) > 1 else ""
