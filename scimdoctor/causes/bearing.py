"""Which checks of an endpoint say something about a failure: those of the same step and resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.causes.facts import QUERIES, WRITES, Stage
from scimdoctor.causes.sent import Shape
from scimdoctor.model.rule import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scimdoctor.causes.facts import Facts
    from scimdoctor.model.rule import CauseRule

_ANY = frozenset(Stage)
_CREATING = frozenset({Stage.TEST, Stage.MATCH, Stage.CREATE})
_AFTER_CREATE = frozenset({Stage.UPDATE, Stage.DELETE, Stage.CREATE})

_OF_USERS: Mapping[str, frozenset[Stage]] = {
    # What a query misses, Entra creates: a refused create may be the query's fault.
    "query": _CREATING | {Stage.READ},
    "create": _CREATING,
    "read": _CREATING | {Stage.READ, Stage.UPDATE},
    "patch": frozenset({Stage.UPDATE, Stage.DELETE}),
    "lifecycle": _AFTER_CREATE,
    "manager": frozenset({Stage.UPDATE, Stage.CREATE}),
    "custom": frozenset({Stage.UPDATE, Stage.CREATE}),
    "mapping": _AFTER_CREATE | {Stage.MATCH},
    "discovery": frozenset({Stage.TEST, Stage.DISCOVERY}),
}
"""The steps that a family of checks sends the requests of; a family that is missing bears on all."""

_OF_BOTH = frozenset({"mapping", "discovery"})


_OF_ALL_REQUESTS = frozenset(
    {
        "tenant-url-wrong",
        "endpoint-unreachable-or-blocked",
        "endpoint-too-slow-or-throttled",
        "token-expired-or-revoked",
        "secret-token-unusable",
        "auth-scheme-unsupported",
        "oauth-token-endpoint-incompatible",
    }
)
_OF_ALL_WRITES = frozenset({"request-content-type-refused"})
_OF_ALL_QUERIES = frozenset({"filter-value-parse-failure"})
"""Causes that do not depend on what is asked for, or written to."""


def bears_on(check: str, facts: Facts, cause: str | None = None) -> bool:
    """Whether what `check` found, and the `cause` it named, may be the reason for this failure."""
    if facts.stage in {Stage.UNKNOWN, Stage.SKIP} or cause in _OF_ALL_REQUESTS:
        return True
    if cause in _OF_ALL_WRITES:
        return facts.stage in WRITES
    if cause in _OF_ALL_QUERIES and facts.stage in QUERIES:
        return True
    family = check.partition("/")[0]
    if check in facts.case.of_groups:
        return facts.is_group or facts.stage is Stage.TEST
    if family in _OF_USERS and family not in _OF_BOTH and facts.is_group:
        return False
    return facts.stage in _OF_USERS.get(family, _ANY)


_ASKED_FIRST = ("query/no-match", "query/match", "groups/query", "groups/match")
_SENT_BY: Mapping[Stage, tuple[str, ...]] = {
    Stage.TEST: ("reach/", "query/no-match", "groups/query"),
    Stage.MATCH: ("query/", "groups/query", "groups/match", "errors/bad-filter"),
    Stage.READ: ("read/", "errors/unknown-id"),
    Stage.CREATE: (*_ASKED_FIRST, "create/", "groups/create", "mapping/attr", "mapping/group-attr"),
    Stage.UPDATE: (
        "patch/",
        "manager/",
        "lifecycle/disable",
        "lifecycle/restore",
        "groups/rename",
        "groups/add-members",
        "groups/many-members",
        "groups/unknown-member",
        "mapping/update",
        "mapping/add",
        "mapping/references",
        "mapping/group-update",
    ),
    Stage.DELETE: ("lifecycle/delete", "groups/delete", "errors/delete-unknown"),
    Stage.DISCOVERY: ("discovery/",),
}
"""How the ids of the checks begin that send what Entra sends at a step; before a create it asks."""


def sends_the_same(check: str, facts: Facts) -> bool:
    """Whether `check` sends a request of the kind that failed; a stage that is open asks nothing."""
    return facts.stage not in _SENT_BY or check.startswith(_SENT_BY[facts.stage])


_EVERY_TIME = frozenset(
    {
        "query/no-match",
        "query/match",
        "groups/query",
        "groups/match",
        "create/documented",
        "create/minimal",
        "groups/create",
        "read/by-id",
        "groups/stored",
    }
)
"""Checks that send what Entra sends in every such step, whatever the object."""


_OF_SHAPE: Mapping[Shape, str] = {
    Shape.ADD_MEMBERS: "groups/add-members",
    Shape.REMOVE_MEMBERS_BY_VALUE: "groups/remove-list",
    Shape.MANAGER: "manager/set",
    Shape.DEACTIVATION: "lifecycle/disable",
    Shape.REACTIVATION: "lifecycle/restore",
}
"""Checks that send the very operation that an update of one path is about."""


def _is_one_operation(facts: Facts) -> bool:
    return facts.stage is Stage.UPDATE and len({o.path for o in facts.operations}) == 1


def hits_every_object(check: str, facts: Facts, cause: str | None) -> bool:
    """Whether what `check` found meets each object at this step, not only some of its attributes."""
    if not bears_on(check, facts, cause):
        return False
    own = {_OF_SHAPE.get(shape) for shape in facts.shapes} if _is_one_operation(facts) else set()
    return (
        check in _EVERY_TIME | own or cause in _OF_ALL_REQUESTS | _OF_ALL_WRITES | _OF_ALL_QUERIES
    )


_PASSING = frozenset(
    {
        "endpoint-too-slow-or-throttled",
        "endpoint-unreachable-or-blocked",
        "concurrent-member-update-lost",
        "app-prerequisite-missing",
    }
)
"""Causes that come and go, or that somebody ends in the app, without a change of the server."""

_OF_EACH_UPDATE = frozenset({"patch-method-missing", "patch-op-case-sensitive"})
_OF_A_PATH = frozenset(
    {
        "boolean-string-rejected",
        "extension-urn-path-unsupported",
        "immutable-attribute-refused",
        "manager-value-shape",
        "mapping-targets-unsupported-attribute",
        "patch-add-not-supported",
        "patch-value-shape-rejected",
        "value-path-unsupported",
    }
)
"""Causes that meet each object for which the same attribute is sent."""

_OF_DATA = frozenset({Layer.SOURCE_DATA, Layer.SCOPING, Layer.ENTRA_SERVICE})


def stays_until_mended(rule: CauseRule) -> bool:
    """Whether the cause of `rule` ends only by a change of the server, of settings or credentials.

    What lies in an object's data ends when that is corrected, so that a later success of the object
    says nothing against it.
    """
    return rule.layer not in _OF_DATA and rule.id not in _PASSING


def meets_each_request(cause: str) -> bool:
    """Whether `cause` lets no request pass as long as it lasts."""
    return cause in _OF_ALL_REQUESTS - _PASSING


def meets_each_update(cause: str) -> bool:
    """Whether `cause` lets no update pass."""
    return cause in _OF_EACH_UPDATE


def meets_each_path(cause: str) -> bool:
    """Whether `cause` meets each object for which the same attribute is sent."""
    return cause in _OF_A_PATH
