"""Which causes a check's failures may name besides the one of its rule; pure data.

A check varies a request that fails until it works, and what had to be varied is the cause. Whoever
wants to know whether a cause is there runs every check that can name it. Trouble of the connection
(`ANYWHERE`) may show in any check and is not repeated for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ANYWHERE = frozenset(
    {
        "endpoint-too-slow-or-throttled",
        "endpoint-unreachable-or-blocked",
        "oauth-token-endpoint-incompatible",
    }
)
"""Causes of a request that gets no usable answer, whichever check sent it."""

_OF_MATCHING = (
    "attribute-not-stored-or-returned",
    "filter-no-match-404",
    "filter-not-selective",
)
_OF_UPDATE = (
    "attribute-not-stored-or-returned",
    "boolean-string-rejected",
    "extension-urn-path-unsupported",
    "immutable-attribute-refused",
    "patch-value-shape-rejected",
    "replace-clears-unsent-values",
    "unhandled-exception-500",
    "value-path-unsupported",
)

OTHER_CAUSES: Mapping[str, tuple[str, ...]] = {
    "tls/protocol": ("auth-scheme-unsupported",),
    "reach/test-connection": (
        "app-prerequisite-missing",
        "auth-scheme-unsupported",
        "endpoint-too-slow-or-throttled",
        "endpoint-unreachable-or-blocked",
        "unhandled-exception-500",
    ),
    "auth/token-accepted": (
        "app-prerequisite-missing",
        "auth-scheme-unsupported",
        "endpoint-unreachable-or-blocked",
    ),
    "discovery/service-provider-config": ("unhandled-exception-500",),
    "discovery/resource-types": ("unhandled-exception-500",),
    "discovery/schemas": ("unhandled-exception-500",),
    "query/no-match": (
        "filter-attribute-unsupported",
        "filter-not-selective",
        "filter-value-parse-failure",
        "list-response-malformed",
        "request-content-type-refused",
        "response-content-type-wrong",
        "unhandled-exception-500",
    ),
    "errors/unknown-id": ("write-response-wrong",),
    "errors/shape": ("response-content-type-wrong",),
    "create/documented": (
        "app-policy-refuses-change",
        "app-prerequisite-missing",
        "endpoint-unreachable-or-blocked",
        "over-strict-validation",
        "request-content-type-refused",
        "unhandled-exception-500",
        "value-not-allowed-by-app",
        "write-response-wrong",
    ),
    "read/by-id": (
        "response-attribute-malformed",
        "unhandled-exception-500",
    ),
    "create/duplicate": ("filter-case-sensitive",),
    "create/minimal": (
        "duplicate-create-not-409",
        "over-strict-validation",
        "unhandled-exception-500",
        "write-response-wrong",
    ),
    "create/partial": (
        "attribute-not-stored-or-returned",
        "mapping-targets-unsupported-attribute",
        "unhandled-exception-500",
    ),
    "create/inactive": (
        "disabled-user-not-returned",
        "over-strict-validation",
        "write-response-wrong",
    ),
    "read/faithful": (
        "response-attribute-malformed",
        "unhandled-exception-500",
        "value-not-allowed-by-app",
    ),
    "query/match": (
        "write-response-wrong",
        "filter-attribute-unsupported",
        "filter-not-selective",
        "filter-value-parse-failure",
        "list-response-malformed",
        "request-content-type-refused",
        "response-attribute-malformed",
        "unhandled-exception-500",
    ),
    "read/listed": ("attribute-not-stored-or-returned",),
    "query/external-id": (
        "filter-no-match-404",
        "filter-not-selective",
    ),
    "query/work-email": (
        "filter-case-sensitive",
        "filter-no-match-404",
        "filter-not-selective",
    ),
    "query/extension": (
        "filter-no-match-404",
        "filter-not-selective",
    ),
    "query/paging": ("unhandled-exception-500",),
    "query/and": ("filter-not-selective",),
    "query/symbols": (
        "attribute-not-stored-or-returned",
        "filter-misses-existing",
        "value-not-allowed-by-app",
    ),
    "query/quotes": ("filter-misses-existing",),
    "patch/replace": (
        "app-policy-refuses-change",
        "mapping-targets-unsupported-attribute",
        "needs-scim-compliance-flag",
        "over-strict-validation",
        "patch-accepted-not-applied",
        "patch-op-case-sensitive",
        "patch-value-shape-rejected",
        "replace-clears-unsent-values",
        "request-content-type-refused",
        "unhandled-exception-500",
        "value-path-unsupported",
        "write-response-wrong",
    ),
    "patch/op-case": ("needs-scim-compliance-flag",),
    "patch/add": (
        "immutable-attribute-refused",
        "mapping-targets-unsupported-attribute",
        "patch-add-not-supported",
        "patch-op-case-sensitive",
        "replace-clears-unsent-values",
    ),
    "patch/remove": (
        "mapping-targets-unsupported-attribute",
        "patch-op-case-sensitive",
        "replace-clears-unsent-values",
    ),
    "patch/sub-attribute": (
        "mapping-targets-unsupported-attribute",
        "patch-accepted-not-applied",
        "unhandled-exception-500",
    ),
    "patch/several": (
        "immutable-attribute-refused",
        "mapping-targets-unsupported-attribute",
        "over-strict-validation",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
    ),
    "patch/empty": (
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
    ),
    "patch/null": (
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
    ),
    "patch/unknown-user": ("write-response-wrong",),
    "patch/value-path": (
        "immutable-attribute-refused",
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
        "value-path-add-creates-duplicates",
    ),
    "patch/value-path-siblings": (
        "replace-clears-unsent-values",
        "value-path-add-creates-duplicates",
        "unhandled-exception-500",
    ),
    "patch/value-path-add": (
        "patch-add-not-supported",
        "replace-clears-unsent-values",
        "value-path-add-creates-duplicates",
    ),
    "patch/value-path-no-match": (
        "patch-add-not-supported",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
        "value-path-add-creates-duplicates",
        "value-path-unsupported",
    ),
    "patch/value-path-several": (
        "patch-accepted-not-applied",
        "value-path-no-match-rejected",
    ),
    "patch/extension": (
        "patch-add-not-supported",
        "replace-clears-unsent-values",
    ),
    "patch/extension-second": (
        "patch-add-not-supported",
        "replace-clears-unsent-values",
    ),
    "patch/pathless": ("replace-clears-unsent-values",),
    "custom/extension": ("over-strict-validation",),
    "custom/roles": (
        "patch-add-not-supported",
        "patch-value-shape-rejected",
        "response-attribute-malformed",
    ),
    "mapping/attributes": ("mapping-targets-unsupported-attribute", "unhandled-exception-500"),
    "mapping/symbols": ("attribute-not-stored-or-returned", "unhandled-exception-500"),
    "mapping/matching": _OF_MATCHING,
    "mapping/update": _OF_UPDATE,
    "mapping/add": _OF_UPDATE,
    "mapping/long": ("unhandled-exception-500", "value-not-allowed-by-app"),
    "mapping/references": (
        "attribute-not-stored-or-returned",
        "patch-value-shape-rejected",
        "unhandled-exception-500",
    ),
    "mapping/group-attributes": (
        "mapping-targets-unsupported-attribute",
        "unhandled-exception-500",
    ),
    "mapping/group-matching": _OF_MATCHING,
    "mapping/group-update": (
        *_OF_UPDATE,
        "attribute-not-stored-or-returned",
        "value-not-allowed-by-app",
    ),
    "manager/set": (
        "attribute-not-stored-or-returned",
        "mapping-targets-unsupported-attribute",
        "replace-clears-unsent-values",
        "response-attribute-malformed",
        "unhandled-exception-500",
    ),
    "manager/documented": ("patch-value-shape-rejected",),
    "manager/clear": ("replace-clears-unsent-values",),
    "manager/remove": ("replace-clears-unsent-values",),
    "manager/query": (
        "filter-not-selective",
        "over-strict-validation",
    ),
    "patch/whole-update": (
        "immutable-attribute-refused",
        "mapping-targets-unsupported-attribute",
        "over-strict-validation",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
        "value-not-allowed-by-app",
    ),
    "lifecycle/disable": (
        "app-policy-refuses-change",
        "boolean-string-rejected",
        "disabled-user-not-returned",
        "needs-scim-compliance-flag",
        "replace-clears-unsent-values",
        "response-attribute-malformed",
        "unhandled-exception-500",
        "write-response-wrong",
    ),
    "lifecycle/disabled-found": ("write-response-wrong",),
    "lifecycle/disable-again": ("disabled-user-not-returned",),
    "lifecycle/update-disabled": (
        "disabled-user-not-returned",
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
    ),
    "lifecycle/restore": (
        "boolean-string-rejected",
        "disabled-user-not-returned",
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
    ),
    "lifecycle/boolean": ("patch-accepted-not-applied",),
    "lifecycle/rename": (
        "filter-misses-existing",
        "filter-not-selective",
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
    ),
    "lifecycle/delete": (
        "patch-accepted-not-applied",
        "unhandled-exception-500",
        "write-response-wrong",
    ),
    "lifecycle/create-again": (
        "attribute-not-stored-or-returned",
        "unhandled-exception-500",
    ),
    "lifecycle/pathless": ("app-policy-refuses-change",),
    "lifecycle/soft-delete": (
        "app-policy-refuses-change",
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
    ),
    "lifecycle/rename-case": ("unhandled-exception-500",),
    "groups/query": (
        "filter-attribute-unsupported",
        "filter-no-match-404",
        "filter-not-selective",
        "list-response-malformed",
        "over-strict-validation",
        "unhandled-exception-500",
    ),
    "groups/create": (
        "groups-endpoint-missing",
        "mapping-targets-unsupported-attribute",
        "unhandled-exception-500",
        "write-response-wrong",
    ),
    "groups/stored": (
        "response-attribute-malformed",
        "unhandled-exception-500",
        "write-response-wrong",
    ),
    "groups/match": (
        "filter-attribute-unsupported",
        "filter-not-selective",
        "filter-value-parse-failure",
        "list-response-malformed",
        "response-attribute-malformed",
        "unhandled-exception-500",
        "write-response-wrong",
    ),
    "groups/symbols": ("filter-misses-existing",),
    "groups/value-case": ("attribute-not-stored-or-returned",),
    "groups/rename": (
        "filter-misses-existing",
        "immutable-attribute-refused",
        "patch-method-missing",
        "patch-op-case-sensitive",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
        "write-response-wrong",
        "request-content-type-refused",
    ),
    "groups/several": ("over-strict-validation",),
    "groups/add-external-id": (
        "patch-op-case-sensitive",
        "immutable-attribute-refused",
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
        "request-content-type-refused",
    ),
    "groups/add-members": (
        "attribute-not-stored-or-returned",
        "over-strict-validation",
        "patch-add-not-supported",
        "patch-op-case-sensitive",
        "patch-value-shape-rejected",
        "replace-clears-unsent-values",
        "response-attribute-malformed",
        "unhandled-exception-500",
        "write-response-wrong",
        "request-content-type-refused",
    ),
    "groups/disabled-stays": ("attribute-not-stored-or-returned",),
    "groups/excluded-attributes": ("attribute-not-stored-or-returned",),
    "groups/second-group": ("replace-clears-unsent-values",),
    "groups/disabled-member": (
        "attribute-not-stored-or-returned",
        "patch-accepted-not-applied",
    ),
    "groups/remove-list": (
        "needs-scim-compliance-flag",
        "patch-op-case-sensitive",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
    ),
    "groups/remove-filter": ("replace-clears-unsent-values",),
    "groups/rename-members": (
        "pathless-dotted-keys-unsupported",
        "replace-clears-unsent-values",
    ),
    "groups/delete-member": (
        "unhandled-exception-500",
        "write-response-wrong",
    ),
    "groups/membership-query": ("filter-not-selective",),
    "groups/many-members": (
        "unhandled-exception-500",
        "over-strict-validation",
        "patch-accepted-not-applied",
    ),
    "groups/parallel": (
        "attribute-not-stored-or-returned",
        "patch-accepted-not-applied",
    ),
    "groups/delete": (
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
        "write-response-wrong",
    ),
    "load/users": (
        "patch-accepted-not-applied",
        "replace-clears-unsent-values",
        "unhandled-exception-500",
    ),
    "load/group": ("unhandled-exception-500",),
}
"""By check id."""
