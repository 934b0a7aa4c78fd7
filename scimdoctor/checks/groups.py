"""Groups: whether they are offered, how they are created, renamed and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.clash import clashing
from scimdoctor.checks.effects import Trial, Way, apply, attempt, both, collateral, has, must_differ
from scimdoctor.checks.ids import (
    ACCEPTED,
    ADD_MEMBERS,
    GROUP_CREATE,
    GROUP_MATCH,
    GROUP_PATCH,
    GROUP_STORED,
    GROUPS,
    NO_MATCH,
    SEVERAL,
)
from scimdoctor.checks.objects import holds, patch_request
from scimdoctor.checks.references import TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import (
    answer_words,
    difference,
    is_html,
    is_redirect,
    list_problem,
    resource_problems,
    resources_of,
    shown,
)
from scimdoctor.entra import requests
from scimdoctor.model.rule import Severity
from scimdoctor.scim import urns
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange

_NOT_OFFERED = {404, 410}
"""Answers of an app that has no groups; others are answers of a route that fails."""

_NO_ROUTE = {403, 404, 405, 501}
"""Answers of an app that creates no groups, whatever is sent."""


def _query(context: CheckContext) -> Iterator[Result]:
    request = requests.probe("Groups", "displayName", context.values.guid())
    exchange = context.send(request)
    words = f"The query for a group that does not exist was answered {answer_words(exchange)}"
    if is_html(exchange) and exchange.ok:
        yield failed(f"{words}, a web page: no group can be provisioned.", exchange)
    elif exchange.ok:
        context.works_anyway.add(GROUPS)
        problem = list_problem(exchange)
        if problem is not None or exchange.status == 204:
            yield failed(f"{words} with {problem}.", exchange, cause="list-response-malformed")
        elif resources_of(exchange):
            yield failed(
                f"{words} with {len(resources_of(exchange))} groups.",
                exchange,
                cause="filter-not-selective",
            )
    if exchange.ok:
        return
    plain = context.send(requests.get("/Groups"))
    if plain.ok:
        yield failed(f"{words}.", exchange, cause=_query_cause(context, exchange))
        return
    mapping = context.options.schema and context.options.schema.mapping_for(group=True)
    unwanted = context.options.schema is not None and not (mapping and mapping.enabled)
    if exchange.status in _NOT_OFFERED and (unwanted or not _groups_are_declared(context)):
        yield noted(
            f"{words}: groups are not offered. Switch the group mapping off in Entra, where Test "
            "Connection asks for a group otherwise.",
            exchange,
        )
        raise Unavailable("groups are not offered")
    all_fail = exchange.crashed and NO_MATCH not in context.passed
    yield failed(
        f"{words}, and GET /Groups {answer_words(plain)}.",
        plain,
        exchange,
        cause="unhandled-exception-500" if all_fail else None,
    )


def _groups_are_declared(context: CheckContext) -> bool:
    """Whether /ResourceTypes or /Schemas says that the app has groups."""
    if context.resource_types is not None:
        return "Groups" in context.resource_types
    return context.declared is not None and urns.GROUP.casefold() in context.declared


def _query_cause(context: CheckContext, exchange: Exchange) -> str:
    """Why the query fails although the list works."""
    if exchange.status in {404, 410} or (exchange.status == 400 and NO_MATCH not in context.passed):
        return "filter-no-match-404"
    name = requests.filter_value(context.values.guid())
    if exchange.crashed:
        return "unhandled-exception-500"
    if context.query("Groups", f"displayName eq {name}").ok:
        return "over-strict-validation"  # it is excludedAttributes that is refused
    return "filter-attribute-unsupported"


def _create(context: CheckContext) -> Iterator[Result]:
    yield from _make(context)
    if "group:team" in context.objects:
        context.works_anyway.add(GROUP_CREATE)


def _make(context: CheckContext) -> Iterator[Result]:
    attributes = context.values.group("team")
    exchange = context.send(context.create_request("Groups", attributes))
    made = context.adopt(exchange, attributes)
    if made is not None:
        context.objects["group:team"] = made
        if exchange.status not in {200, 201}:
            yield failed(
                f"POST /Groups was answered {exchange.status} instead of 201.",
                exchange,
                cause="write-response-wrong",
            )
        return
    words = f"POST /Groups with Entra's documented body was answered {answer_words(exchange)}"
    if exchange.ok:
        yield failed(
            f"{words} without an id: {shown(exchange.json)}.",
            exchange,
            cause="write-response-wrong",
        )
        return
    for name in (f"schemas:{urns.ENTRA_GROUP}", "meta", "externalId"):
        context.spelling.group_omit.add(name)
        other = context.send(context.create_request("Groups", context.values.group("team")))
        made = context.adopt(other, other.request.json or {})
        if made is not None:
            context.objects["group:team"] = made
            left_out = name.removeprefix("schemas:")
            unsupported = "mapping-targets-unsupported-attribute"
            cause = unsupported if name == "externalId" else None
            yield failed(f"{words}. Without {left_out} it works.", exchange, cause=cause)
            return
        context.spelling.group_omit.discard(name)
    yield from _refused(context, exchange, words)


def _refused(context: CheckContext, exchange: Exchange, words: str) -> Iterator[Result]:
    if context.no_writes is not None and context.no_writes.status == exchange.status:
        raise Unavailable("the app refuses every write (see create/documented)")
    with_members = _with_members(context, exchange)
    if with_members is not None:
        yield failed(
            f"{words}. {with_members} it works. The other checks of groups go on with such groups.",
            exchange,
            cause="unhandled-exception-500" if exchange.crashed else None,
        )
    elif exchange.status in _NO_ROUTE:
        yield failed(f"{words}.", exchange, cause="groups-endpoint-missing")
    elif exchange.crashed:
        yield failed(f"{words}.", exchange, cause="unhandled-exception-500")
    else:
        cause = "write-response-wrong" if is_redirect(exchange) else None
        yield failed(f"{words}.", exchange, cause=cause)


def _with_members(context: CheckContext, refusal: Exchange) -> str | None:
    """What members a group must be created with, so that it can be; `None` if none help."""
    if _made_with(context, []):
        return "With an empty members"
    if refusal.status in _NO_ROUTE:
        return None
    try:
        seat = context.user("seat").id
    except Unavailable:
        return None
    return "With one member" if _made_with(context, [seat]) else None


def _made_with(context: CheckContext, ids: list[str]) -> bool:
    """Whether a group with these members can be created; if so all are created so."""
    context.spelling.group_members = ids
    attributes = context.values.group("team")
    made = context.adopt(context.send(context.create_request("Groups", attributes)), attributes)
    if made is None:
        context.spelling.group_members = None
        return False
    context.objects["group:team"] = made
    return True


def _stored(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    read = context.read(group)
    if not read.ok:
        odd = quote(group.id, safe="") != group.id
        yield failed(
            f"GET of the id {group.id!r} that the create answered was answered {answer_words(read)}.",
            read,
            cause=_unread_cause(read, odd=odd),
        )
        return
    state = context.state(group)
    problems = [*resource_problems(state)]
    if problems:
        yield failed(
            f"GET /Groups answers a group in which {'; '.join(problems)}.",
            read,
            cause="response-attribute-malformed",
        )
    for path, sent in group.sent.items():
        if path not in {"displayName", "externalId"}:
            continue
        kind = difference(sent, value_at(state, path))
        if kind is not None:
            context.reported_lost.add(f"group:{path}")
            yield failed(
                f"{path} of a group was sent as {shown(sent)} and is {shown(value_at(state, path))}.",
                group.created,
                read,
                severity=Severity.MAJOR if path == "displayName" else Severity.MINOR,
            )
        else:
            context.kept.add(f"group:{path}")
    usable = not [*resource_problems({**state, "schemas": [urns.GROUP]})]
    if "group:displayName" in context.kept and usable:
        context.works_anyway.add(GROUP_STORED)


def _unread_cause(read: Exchange, *, odd: bool) -> str:
    if odd:
        return "response-attribute-malformed"
    return "unhandled-exception-500" if read.crashed else "write-response-wrong"


def _duplicate(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    attributes = {**context.values.group("double"), "displayName": group.name}
    exchange = clashing(context, "Groups", attributes)
    words = f"POST of a group whose displayName exists was answered {answer_words(exchange)}"
    if exchange.ok:
        made = context.adopt(exchange, attributes)
        if made is not None and made.id != group.id:
            context.send(requests.delete("Groups", made.id))
            yield noted(f"{words}: legal, but Entra matches on names that are unique.", exchange)
        elif made is not None:
            yield noted(f"{words} with the group that exists, which may have changed.", exchange)
        group.state = None  # the answer may be the old group with new values
    elif exchange.status != 409:
        say = noted if exchange.status == context.spelling.clash_status else failed
        yield say(f"{words}; a clash is answered 409, and no clash 201.", exchange)


def _rename(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    new = context.values.group("renamed")["displayName"]
    trial = Trial(
        thing=group,
        operations=[context.op("replace", "displayName", new)],
        expect=has("displayName", new),
        ways=(
            Way(
                operations=[{"op": "replace", "path": "displayName", "value": new}],
                words="written 'replace'",
                cause="patch-op-case-sensitive",
            ),
        ),
        refused="immutable-attribute-refused",
    )
    for result in attempt(context, trial):
        must_differ(context, result.exchanges[-1])
        status = result.exchanges[-1].status or 0
        missing = status in {404, 405, 501}
        if missing and _members_can_be_patched(context, group):
            missing, status = False, 0
        if not missing:
            context.works_anyway.add(GROUP_PATCH)
        cause = "patch-method-missing" if missing else _crash_or(status, result.cause)
        yield failed(result.message, *result.exchanges, cause=cause)
        return
    old, group.sent["displayName"] = group.name, new
    yield from _stale(context, old)
    if GROUP_MATCH in context.passed and not holds(
        context.find_own(group, "displayName", new), group
    ):
        found = context.find("Groups", "displayName", new)
        yield failed(
            "After a rename the query does not find the group by its new name.",
            found,
            cause="filter-misses-existing",
        )


def _stale(context: CheckContext, old: str) -> Iterator[Result]:
    """See whether the answer to the rename shows the group as it was before."""
    answers = [x for x in getattr(context.endpoint, "exchanges", ()) if x.request.method == "PATCH"]
    body = answers[-1].json if answers else None
    if isinstance(body, dict) and value_at(body, "displayName") == old:
        yield failed(
            "The answer to the PATCH that renamed a group shows the old displayName.",
            answers[-1],
            cause="write-response-wrong",
            severity=Severity.MINOR,
        )


def _members_can_be_patched(context: CheckContext, group: TestObject) -> bool:
    """Whether it is only the name that the app cannot PATCH."""
    person = [{"$ref": None, "value": context.user("subject").id}]
    worked = context.send(patch_request(group, [context.op("add", "members", person)])).ok
    context.send(patch_request(group, [context.op("remove", "members", person)]))
    group.state = None
    return worked


def _crash_or(status: int, cause: str | None) -> str | None:
    return "unhandled-exception-500" if status >= 500 else cause


def _several(context: CheckContext) -> Iterator[Result]:
    context.need("group:externalId")
    if GROUP_PATCH not in context.passed:
        raise Unavailable("a group's displayName does not change by itself (see groups/rename)")
    group = context.group("team")
    values = context.values.group("both") | {"externalId": context.values.text("Both")}
    operations = [context.op("replace", path, value) for path, value in values.items()]
    wanted = both(*(has(path, value) for path, value in values.items()))
    effect = apply(context, group, operations, expect=wanted)
    alone = [
        effect.worked or apply(context, group, [operation], expect=has(*change)).worked
        for operation, change in zip(operations, values.items(), strict=True)
    ]
    if alone[0]:
        group.sent["displayName"] = values["displayName"]
    if not effect.worked and all(alone):
        cause = None if effect.accepted else "over-strict-validation"
        yield failed(f"{effect.words}. Each alone works.", *effect.exchanges, cause=cause)


def _add_external_id(context: CheckContext) -> Iterator[Result]:
    context.need("group:externalId")
    group, value = context.group("team"), context.values.guid()
    effect = apply(
        context, group, [context.op("add", "externalId", value)], expect=has("externalId", value)
    )
    if effect.worked:
        yield from collateral(effect)
        return
    lower = {"op": "add", "path": "externalId", "value": value}
    if apply(context, group, [lower], expect=has("externalId", value)).worked:
        context.spelling.lower_ops |= {"add"}
        yield failed(
            f"{effect.words}. It works written 'add'.",
            *effect.exchanges,
            cause="patch-op-case-sensitive",
        )
        return
    other = apply(
        context,
        group,
        [context.op("replace", "externalId", value)],
        expect=has("externalId", value),
    )
    cause = None if other.worked or not effect.accepted else "patch-accepted-not-applied"
    if not other.worked and not effect.accepted:
        cause = "immutable-attribute-refused"
    yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)


def _delete(context: CheckContext) -> Iterator[Result]:
    group = context.group("other")
    person = [{"$ref": None, "value": context.user("bystander").id}]
    if ADD_MEMBERS in context.passed:
        context.send(patch_request(group, [context.op("add", "members", person)]))
    deletion = yield from _deletion(context, group)
    survivor = context.read(context.user("bystander"))
    if ADD_MEMBERS in context.passed and survivor.status in {404, 410}:
        context.gone("bystander")
        yield failed(
            f"After a group was deleted, a user who was its member is answered {survivor.status}.",
            deletion,
            survivor,
            cause="replace-clears-unsent-values",
        )


def _deletion(context: CheckContext, group: TestObject) -> Generator[Result, None, Exchange]:
    """Delete a group and see that it is gone; returns the request."""
    exchange = context.send(requests.delete("Groups", group.id))
    words = f"DELETE of a group was answered {answer_words(exchange)}"
    if not exchange.ok:
        cause = "write-response-wrong" if exchange.status in {404, 410} else None
        cause = "unhandled-exception-500" if exchange.crashed else cause
        yield failed(f"{words}.", exchange, cause=cause)
        return exchange
    read = context.read(group)
    if read.ok:
        for _ in context.settle(exchange):
            read = context.read(group)
    if read.ok:
        yield failed(
            f"{words}, but a read by id still finds it.",
            read,
            exchange,
            cause="patch-accepted-not-applied",
        )
    elif GROUP_MATCH in context.passed:
        yield from _still_listed(context, group, exchange)
    return exchange


def _still_listed(context: CheckContext, group: TestObject, deletion: Exchange) -> Iterator[Result]:
    """See whether the query finds a group that a read by id does not find any more."""
    found = context.find("Groups", "displayName", group.name)
    if holds(found, group):
        for _ in context.settle(deletion):
            found = context.find("Groups", "displayName", group.name)
            if not holds(found, group):
                context.came_late(deletion)
                return
        yield failed(
            "DELETE of a group was answered with success, but the query for its name finds it.",
            deletion,
            found,
            cause="patch-accepted-not-applied",
        )


_rule = family("groups", TUTORIAL, rfc="RFC 7644 §3.4.2.2", of_groups=True)


_DUPLICATES = "groups that are created again, or DuplicateTargetEntries."

CHECKS_FIRST = (
    Check(
        rule=_rule(
            GROUPS.partition("/")[2],
            "The group query of Test Connection is answered",
            severity="blocker",
            cause="groups-endpoint-missing",
            what="Asks /Groups for a displayName that no group has, members excluded. An app that offers "
            "no groups is told so, and is not at fault.",
            why="Entra asks this at Test Connection and at the start of cycles while groups are mapped.",
            admin_sees="Test Connection fails, or the job is quarantined although users work.",
            fix="Serve /Groups, with an empty ListResponse if there is none; or switch the group mapping "
            "off in Entra.",
        ),
        run=_query,
        requires=(ACCEPTED,),
        writes=False,
    ),
    Check(
        rule=_rule(
            GROUP_CREATE.partition("/")[2],
            "A group is created from the body that Entra sends",
            severity="blocker",
            cause="over-strict-validation",
            what="Sends POST /Groups without members and with Microsoft's extra schema URN; when refused, "
            "leaves out one part at a time, and last gives the group a member.",
            why="Entra lists its own URN in schemas of every group and never sends members on create.",
            admin_sees="create events of groups that fail with the app's status.",
            fix="Ignore schema URNs that are not known; require displayName only.",
            section="3.3",
        ),
        run=_create,
        requires=(GROUPS,),
    ),
    Check(
        rule=_rule(
            GROUP_STORED.partition("/")[2],
            "A group comes back as it was sent",
            cause="attribute-not-stored-or-returned",
            what="Compares displayName and externalId of the group as read by id with what was sent.",
            why="Entra matches groups on these.",
            admin_sees=_DUPLICATES,
            fix="Store and return both unchanged.",
            section="3.3",
        ),
        run=_stored,
        requires=(GROUP_CREATE,),
    ),
)

CHECKS = (
    Check(
        rule=_rule(
            "duplicate",
            "A second group of the same name is created, or answered 409",
            severity="minor",
            cause="duplicate-create-not-409",
            what="Sends POST /Groups with a displayName that exists.",
            why="From 409 Entra knows that it must match, not create.",
            admin_sees="create events of groups that fail without a useful code.",
            fix="Answer 409 with scimType uniqueness where names must be unique.",
            section="3.3",
        ),
        run=_duplicate,
        requires=(GROUP_STORED,),
    ),
    Check(
        rule=_rule(
            GROUP_PATCH.partition("/")[2],
            "A group can be renamed",
            cause="patch-accepted-not-applied",
            what="Replaces displayName by PATCH, reads the group, and asks for the new name.",
            why="Entra passes every rename on.",
            admin_sees="update events of groups that fail, or old names in the app.",
            fix="Implement PATCH on /Groups/{id}; let displayName change.",
            section="3.5.2",
        ),
        run=_rename,
        requires=(GROUP_CREATE, GROUP_STORED),
    ),
    Check(
        rule=_rule(
            "add-external-id",
            "Add sets a group's externalId",
            cause="patch-add-not-supported",
            what="Adds externalId to the group.",
            why="Entra sends it when it links a group that existed before.",
            admin_sees="update events of groups that fail right after matching.",
            fix="Treat add of a single-valued attribute as replace, for groups too.",
            section="3.5.2.1",
        ),
        run=_add_external_id,
        requires=(GROUP_PATCH,),
    ),
)

LAST_CHECKS = (
    Check(
        rule=_rule(
            "several",
            "Several attributes of a group change in one PATCH",
            cause="patch-accepted-not-applied",
            what="Replaces displayName and externalId of a group in one request.",
            why="Entra sends all changes of a group in one PATCH.",
            admin_sees="success, while the app's group keeps the old value of one attribute.",
            fix="Apply every operation of the request, in order.",
        ),
        run=_several,
        requires=(GROUP_PATCH, "groups/add-external-id", SEVERAL),
    ),
    Check(
        rule=_rule(
            "delete",
            "A group is deleted",
            severity="minor",
            cause="app-policy-refuses-change",
            what="Sends DELETE and looks for the group.",
            why="Entra deletes a group when it is unassigned or deleted.",
            admin_sees="delete events that fail in every cycle.",
            fix="Answer 204 and forget the group; or clear the Delete action in the group mapping.",
            section="3.6",
        ),
        run=_delete,
        requires=(GROUP_STORED, "errors/unknown-id"),
    ),
)
