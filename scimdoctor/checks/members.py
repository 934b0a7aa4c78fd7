"""Members of a group: added, added again, removed in both dialects, many, and in parallel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import apply, collateral, has
from scimdoctor.checks.ids import ADD_MEMBERS, DISABLE, GROUP_PATCH
from scimdoctor.checks.members_disabled import delete_member
from scimdoctor.checks.members_parallel import exactly, includes, parallel, values
from scimdoctor.checks.members_renamed import renamed_without_path
from scimdoctor.checks.objects import patch_request
from scimdoctor.checks.references import COMPATIBILITY, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import (
    answer_words,
    member_ids,
    request_words,
    resource_problems,
    resources_of,
    shown,
    shown_otherwise,
)
from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.model.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.effects import Effect
    from scimdoctor.checks.objects import TestObject

_MANY = 100
_SHAPE = "response-attribute-malformed"
_SPECIAL = ("deleted", "inactive", "asleep", "leaver")
"""Test users whom an app may rightly refuse as members."""


def _people(context: CheckContext, count: int) -> list[str]:
    roles = ("subject", "bystander", "manager", "bare", "bare2")[:count]
    return [context.user(role).id for role in roles]


def _add(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    one, two, three = _people(context, 3)
    effect = apply(
        context, group, [context.op("add", "members", values([one]))], expect=exactly(one)
    )
    if not effect.worked:
        yield from _find_reason(context, group, effect, one)
        return
    yield from collateral(effect)
    yield from _answer(effect)
    effect = apply(
        context,
        group,
        [context.op("add", "members", values([two, three]))],
        expect=exactly(one, two, three),
    )
    if not effect.worked:
        cause = "replace-clears-unsent-values" if one not in member_ids(effect.after) else None
        if not effect.accepted:
            cause = "patch-value-shape-rejected"
        elif cause and _lower_adds(context, group, one):
            cause = "patch-op-case-sensitive"
        yield failed(
            f"{effect.words}: members are {shown(member_ids(effect.after))}.",
            *effect.exchanges,
            cause=cause,
        )
        return
    problems = [p for p in resource_problems(effect.after) if p.startswith("members")]
    if problems:
        yield failed(
            f"GET /Groups answers a group in which {'; '.join(problems)}.",
            *effect.exchanges,
            cause=_SHAPE,
        )


def _lower_adds(context: CheckContext, group: TestObject, one: str) -> bool:
    """Whether an add in lower case keeps the members that are there: then Add was not known."""
    before = member_ids(context.state(group))
    operation = {"op": "add", "path": "members", "value": values([one])}
    if operation["op"] == context.op("add")["op"]:
        return False
    worked = apply(context, group, [operation], expect=exactly(one, *before)).worked
    if worked:
        context.spelling.lower_ops.add("add")
    return worked


def _answer(effect: Effect) -> Iterator[Result]:
    exchange = effect.exchange
    body = exchange.json
    if exchange.status == 200 and not isinstance(body, dict):
        yield failed(
            f"{request_words(exchange)} was answered 200 without the resource.",
            exchange,
            cause="write-response-wrong",
        )
    elif exchange.status not in {200, 204}:
        yield failed(
            f"{request_words(exchange)} was answered {exchange.status} instead of 200 or 204.",
            exchange,
            cause="write-response-wrong",
        )


def _find_reason(
    context: CheckContext, group: TestObject, effect: Effect, one: str
) -> Iterator[Result]:
    """Vary the Add until it works; what had to be varied is the reason."""
    problems = [p for p in resource_problems(effect.after) if p.startswith("members")]
    if effect.accepted and problems:
        yield failed(
            f"GET /Groups answers a group in which {'; '.join(problems)}.",
            *effect.exchanges,
            cause=_SHAPE,
        )
        return
    lower = {"op": "add", "path": "members"}
    add = context.op("add", "members")
    ways: tuple[tuple[dict[str, Any], str, str], ...] = (
        (lower | {"value": values([one])}, "written 'add'", "patch-op-case-sensitive"),
        (add | {"value": [{"value": one}]}, "without $ref", "patch-value-shape-rejected"),
        (
            add | {"value": [{"value": one, "type": "User"}]},
            "with a type beside each member",
            "patch-accepted-not-applied" if effect.accepted else "over-strict-validation",
        ),
        (
            add | {"value": [{"value": one, "display": "Test", "type": "User"}]},
            "with a display beside each member",
            "over-strict-validation",
        ),
        (add | {"value": {"value": one}}, "as an object", "patch-value-shape-rejected"),
        (
            {"op": "add", "value": {"members": [{"value": one}]}},
            "without a path",
            "patch-accepted-not-applied" if effect.accepted else "patch-value-shape-rejected",
        ),
        (
            context.op("replace", "members", [{"value": one}]),
            "as a replace",
            "patch-accepted-not-applied" if effect.accepted else "patch-add-not-supported",
        ),
    )
    for operation, words, cause in ways:
        other = apply(context, group, [operation], expect=exactly(one))
        if other.worked:
            evidence = (*other.exchanges, *effect.exchanges)
            yield failed(f"{effect.words}. It works {words}.", *evidence, cause=cause)
            return
    yield from _no_way(context, effect, one)


def _no_way(context: CheckContext, effect: Effect, one: str) -> Iterator[Result]:
    if not effect.accepted:
        crashed = effect.exchange.crashed
        cause = "unhandled-exception-500" if crashed else "over-strict-validation"
        yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)
        return
    found = context.send(requests.membership_query(context.group("team").id, one))
    elsewhere = shown_otherwise(effect.after, one)
    if elsewhere is not None:
        words = f"{effect.words}: the member is shown as {shown(elsewhere)}, not by its id."
        yield failed(words, *effect.exchanges, cause=_SHAPE, severity=Severity.MINOR)
    elif (found.ok and resources_of(found)) or _in_groups_of(context, one):
        yield failed(
            f"{effect.words}. The membership shows elsewhere, so it is stored but not returned.",
            *effect.exchanges,
            cause="attribute-not-stored-or-returned",
            severity=Severity.MINOR,
        )
    elif _shows_members(context, one):
        yield failed(f"{effect.words}.", *effect.exchanges)
    else:
        yield failed(
            f"{effect.words}. No group shows members, not even one that was created with them, so "
            "whether the app keeps them cannot be seen from outside.",
            *effect.exchanges,
            cause="attribute-not-stored-or-returned",
            severity=Severity.MAJOR,
        )


def _in_groups_of(context: CheckContext, one: str) -> bool:
    """Whether the user's own `groups` names the group."""
    user = context.send(requests.get(requests.object_path("Users", one))).json
    groups = user.get("groups") if isinstance(user, dict) else None
    shown_ids = [g.get("value") for g in groups or () if isinstance(g, dict)]
    return context.group("team").id in map(str, shown_ids)


def _shows_members(context: CheckContext, one: str) -> bool:
    """Whether a group that is created with a member is read with it, if one can be."""
    attributes = context.values.group("filled")
    body = {**context.create_request("Groups", attributes).json, "members": [{"value": one}]}
    made = context.adopt(context.send(requests.with_body("POST", "/Groups", body)), attributes)
    return made is None or (context.read(made).ok and one in member_ids(context.state(made)))


def _add_again(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    before = member_ids(context.state(group))
    operation = context.op("add", "members", values(before[:1]))
    effect = apply(context, group, [operation], expect=exactly(*before))
    if not effect.worked:
        twice = effect.accepted and len(member_ids(effect.after)) > len(before)
        if twice:
            sent = request_words(effect.exchange)
            said = (
                f"{sent} was answered {effect.exchange.status}, and the member is there twice now."
            )
            yield failed(said, *effect.exchanges, severity=Severity.MINOR)
        else:
            yield failed(f"{effect.words}.", *effect.exchanges)


def _second_group(context: CheckContext) -> Iterator[Result]:
    team, second = context.group("team"), context.group("other")
    before = member_ids(context.state(team))
    one = before[0]
    operation = context.op("add", "members", values([one]))
    effect = apply(context, second, [operation], expect=includes(one))
    if not effect.worked:
        yield failed(f"{effect.words}, for a member of another group.", *effect.exchanges)
        return
    read = context.read(team)
    for _ in context.settle(effect.exchange) if _lacks(team, one) else ():
        read = context.read(team)
        if not _lacks(team, one):
            context.came_late(effect.exchange)
            break
    if _lacks(team, one):
        yield failed(
            "After a member of one group was added to another, a read of the first shows "
            f"{len(member_ids(context.state(team)))} of its {len(before)} members: a user is kept in "
            "one group at a time.",
            effect.exchange,
            read,
            cause="replace-clears-unsent-values",
        )


def _lacks(group: TestObject, identifier: str) -> bool:
    """Whether the group as last read is there without this member."""
    return group.state is not None and identifier not in member_ids(group.state)


def _refill(context: CheckContext) -> tuple[TestObject, list[str]]:
    """The group with exactly three members."""
    group, people = context.group("team"), _people(context, 3)
    missing = [p for p in people if p not in member_ids(context.state(group))]
    if missing:
        operation = context.op("add", "members", values(missing))
        effect = apply(context, group, [operation], expect=exactly(*people))
        if not effect.worked:
            raise Unavailable("the group could not be given three members")
    return group, people


def _remove_list(context: CheckContext) -> Iterator[Result]:
    if Dialect.DEFAULT not in context.options.dialects:
        raise Unavailable("the dialect that sends it was not asked for")
    group, (one, two, three) = _refill(context)
    for gone, rest in (([one], [two, three]), ([two, three], [])):
        operation = context.op("remove", "members", values(gone))
        effect = apply(context, group, [operation], expect=exactly(*rest))
        if not effect.worked:
            lower = {"op": "remove", "path": "members", "value": values(gone)}
            untouched = len(member_ids(effect.after)) == len(gone) + len(rest)
            if untouched and apply(context, group, [lower], expect=exactly(*rest)).worked:
                yield failed(
                    f"{effect.words}. Written 'remove' it works.",
                    *effect.exchanges,
                    cause="patch-op-case-sensitive",
                )
                return
            # That one of them could be removed shows that the list is understood.
            crash = effect.exchange.crashed and not rest
            yield failed(
                f"{effect.words}; {len(rest)} should be left.",
                *effect.exchanges,
                cause="unhandled-exception-500" if crash else None,
            )
            return
        yield from collateral(effect)


def _remove_filter(context: CheckContext) -> Iterator[Result]:
    if Dialect.COMPLIANT not in context.options.dialects:
        raise Unavailable("the dialect that sends it was not asked for")
    group, (one, two, three) = _refill(context)
    name = "remove" if "patch/op-case" in context.passed else context.op("remove")["op"]
    operation = {"op": name, "path": f"members[value eq {requests.filter_value(one)}]"}
    effect = apply(context, group, [operation], expect=exactly(two, three))
    if effect.worked:
        yield from collateral(effect)
        return
    yield failed(f"{effect.words}; 2 should be left.", *effect.exchanges)


def _remove_absent(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    before = member_ids(context.state(group))
    outsider = next((i for i in _people(context, 5) if i not in before), None)
    if outsider is None or "groups/remove-list" not in context.passed:
        raise Unavailable("there is no way to remove a member that is known to work")
    operation = context.op("remove", "members", values([outsider]))
    effect = apply(context, group, [operation], expect=exactly(*before))
    if not effect.worked:
        yield failed(f"{effect.words}, for somebody who is no member.", *effect.exchanges)


def _replace(context: CheckContext) -> Iterator[Result]:
    if GROUP_PATCH not in context.passed:
        raise Unavailable("a replace on groups is not known to work (see groups/rename)")
    group, people = context.group("team"), _people(context, 3)
    if member_ids(context.state(group)) != people[1:]:
        group, people = _refill(context)
    one, three = people[0], people[2]
    operation = context.op("replace", "members", values([one, three]))
    effect = apply(context, group, [operation], expect=exactly(one, three))
    if not effect.worked:
        yield failed(
            f"{effect.words}: members are {shown(member_ids(effect.after))}.", *effect.exchanges
        )


def _rename(context: CheckContext) -> Iterator[Result]:
    """A rename of a group that has members; `groups/rename` renames an empty one."""
    if GROUP_PATCH not in context.passed:
        raise Unavailable("a group cannot be renamed (see groups/rename)")
    group = context.group("team")
    if not member_ids(context.state(group)):
        group, _people_in = _refill(context)
    new = context.values.group("renamed")["displayName"]
    operation = context.op("replace", "displayName", new)
    effect = apply(context, group, [operation], expect=has("displayName", new))
    if effect.worked:
        group.sent["displayName"] = new
        damage = list(collateral(effect))
        yield from damage or renamed_without_path(context, group)
    else:
        yield failed(f"{effect.words}, for a group with members.", *effect.exchanges)


def _unknown(context: CheckContext) -> Iterator[Result]:
    group = context.group("team")
    operation = context.op("add", "members", values([context.values.guid()]))
    exchange = context.send(patch_request(group, [operation]))
    group.state = None
    if exchange.crashed:
        yield failed(
            f"Adding a member that does not exist was answered {answer_words(exchange)}.", exchange
        )


def _disabled(context: CheckContext) -> Iterator[Result]:
    person = {**context.values.person("asleep"), "active": False}
    sleeper = context.objects["asleep"] = context.create("Users", person)
    group = context.group("team")
    operation = context.op("add", "members", values([sleeper.id]))
    effect = apply(context, group, [operation], expect=lambda s: sleeper.id in member_ids(s))
    if effect.worked:
        return
    if not effect.accepted:
        yield failed(f"{effect.words}, for a disabled user.", *effect.exchanges)
        return
    awake = [context.op("replace", "active", context.boolean(value=True))]
    enabled = apply(context, sleeper, awake, expect=has("active", True))
    read = context.read(group)
    if not enabled.worked or not read.ok:
        return  # whether the membership only does not show cannot be seen
    if sleeper.id in member_ids(context.state(group)):
        yield noted(
            "A disabled member shows in the group only once the user is active again.",
            effect.exchange,
            read,
            cause="attribute-not-stored-or-returned",
        )
    else:
        yield failed(
            f"{effect.words}, for a disabled user; nor is the user a member once active again.",
            effect.exchange,
            read,
            cause="patch-accepted-not-applied",
        )


def _many(context: CheckContext) -> Iterator[Result]:
    group = context.group("many")
    ids = [context.values.guid() for _ in range(_MANY)]
    operation = context.op("add", "members", values(ids))
    effect = apply(context, group, [operation], expect=exactly(*ids))
    if effect.worked:
        return
    status = effect.exchange.status or 0
    kept = len(member_ids(effect.after))
    if status == 413 or (effect.accepted and 0 < kept < _MANY):
        cause = _cap_cause(context, effect, ids) if effect.accepted else "over-strict-validation"
        words = f"{effect.words}: {kept} of {_MANY} members are there."
        yield failed(words, *effect.exchanges, cause=cause)
        return
    passed_by = {context.objects[r].id for r in _SPECIAL if r in context.objects}
    passed_by |= context.vanished | set(context.spelling.group_members or ())
    known = [i for i in context.tracker.ids("Users") if i not in passed_by]
    operation = context.op("add", "members", values(known))
    effect = apply(context, group, [operation], expect=lambda s: set(known) <= set(member_ids(s)))
    if not effect.worked and not _are_gone(context, effect, known):
        yield failed(
            f"{effect.words}: {len(set(known) & set(member_ids(effect.after)))} of {len(known)} members are there.",
            *effect.exchanges,
            cause=_many_cause(context, effect, known),
        )


def _are_gone(context: CheckContext, effect: Effect, known: list[str]) -> bool:
    """Whether the few members that are not there are users whom an earlier write made vanish."""
    absent = [one for one in known if one not in member_ids(effect.after)]
    if not effect.accepted or len(absent) > _FEW:
        return False
    reads = [requests.read("Users", one) for one in absent]
    return all(exchange.status in {404, 410} for exchange in context.each(reads))


def _many_cause(context: CheckContext, effect: Effect, known: list[str]) -> str:
    if effect.accepted:
        return _cap_cause(context, effect, known)
    return "unhandled-exception-500" if effect.exchange.crashed else "over-strict-validation"


def _cap_cause(context: CheckContext, effect: Effect, ids: list[str]) -> str:
    """Whether the members that are not shown are in the group all the same."""
    hidden = next(i for i in ids if i not in member_ids(effect.after))
    found = context.send(requests.membership_query(context.group("many").id, hidden))
    stored = found.ok and bool(resources_of(found))
    return "attribute-not-stored-or-returned" if stored else "patch-accepted-not-applied"


_rule = family("groups", TUTORIAL, COMPATIBILITY, rfc="RFC 7644 §3.5.2", of_groups=True)


_FEW = 3
_FAILS = "update events of the reference 'members' that fail."
_WRONG = "success, while the app's group has other members than Entra's."

CHECKS_FIRST = (
    Check(
        rule=_rule(
            ADD_MEMBERS.partition("/")[2],
            "Members are added by id",
            severity="blocker",
            cause="patch-accepted-not-applied",
            what='Adds one member, then two, as [{"$ref": null, "value": "<id>"}]; all must be there.',
            why="Entra sends memberships so, one or several at a time, and never sends those it sent before.",
            admin_sees=_FAILS,
            fix="Append to members; need nothing beside value; ignore $ref.",
        ),
        run=_add,
        requires=(GROUP_PATCH, "read/by-id"),
    ),
    Check(
        rule=_rule(
            "add-again",
            "Adding a member again changes nothing",
            cause="non-idempotent-write",
            what="Adds somebody who is a member already.",
            why="Entra reads groups without members, so it cannot know and repeats the Add.",
            admin_sees=_FAILS,
            fix="Answer success and keep one entry.",
        ),
        run=_add_again,
        requires=(ADD_MEMBERS,),
    ),
    Check(
        rule=_rule(
            "second-group",
            "A user can be a member of two groups",
            severity="blocker",
            cause="patch-accepted-not-applied",
            what="Adds a member of one group to a second group and reads the first again.",
            why="People are in many groups; Entra does not send again what it has sent.",
            admin_sees=_WRONG,
            fix="Keep memberships as pairs of group and user, not as one group of each user.",
        ),
        run=_second_group,
        requires=(ADD_MEMBERS,),
    ),
)

CHECKS = (
    Check(
        rule=_rule(
            "remove-list",
            "Remove with a list of values removes exactly those members",
            severity="blocker",
            requirement="ENTRA",
            cause="members-remove-value-not-understood",
            what="Removes one of three members by path members and a value list, then the other two.",
            why="Without aadOptscim062020 Entra removes members so; taken by the RFC, it empties the group.",
            admin_sees=_WRONG,
            fix="When remove on members has a value, remove only the members it lists.",
        ),
        run=_remove_list,
        requires=(ADD_MEMBERS,),
        heeds=(DISABLE,),
    ),
    Check(
        rule=_rule(
            "remove-filter",
            "Remove with a filter removes exactly that member",
            cause="value-path-unsupported",
            what='Removes one of three members by members[value eq "<id>"].',
            why="With aadOptscim062020 Entra removes members so.",
            admin_sees=_WRONG,
            fix="Support value filters in the path of a remove.",
        ),
        run=_remove_filter,
        requires=(ADD_MEMBERS,),
        heeds=("patch/op-case",),
    ),
    Check(
        rule=_rule(
            "remove-absent",
            "Removing somebody who is no member succeeds",
            cause="non-idempotent-write",
            what="Removes a user who is not in the group.",
            why="Entra repeats writes whose answer it lost.",
            admin_sees=_FAILS,
            fix="Answer success when there is nothing to remove.",
        ),
        run=_remove_absent,
        requires=("groups/remove-list",),
    ),
    Check(
        rule=_rule(
            "replace-members",
            "Replace sets the members to exactly the list",
            severity="minor",
            cause="patch-accepted-not-applied",
            what="Replaces three members by two of them.",
            why="Entra was seen to send it when it got members that it had not asked for.",
            admin_sees=_WRONG,
            fix="Set members to the list; remove the others.",
        ),
        run=_replace,
        requires=(ADD_MEMBERS,),
    ),
    Check(
        rule=_rule(
            "rename-members",
            "A rename leaves the members",
            severity="blocker",
            cause="patch-accepted-not-applied",
            what="Replaces displayName of a group that has three members, and compares them.",
            why="Entra sends a rename without members, and does not send the members again.",
            admin_sees=_WRONG,
            fix="Change only what the operations name.",
        ),
        run=_rename,
        requires=(ADD_MEMBERS,),
    ),
    Check(
        rule=_rule(
            "delete-member",
            "A user who is a member of a group can be deleted",
            cause="app-policy-refuses-change",
            what="Makes a new user a member, deletes the user and reads the group.",
            why="Entra deletes users without taking them out of their groups first.",
            admin_sees="delete events that fail with the app's status.",
            fix="Remove memberships together with the user.",
        ),
        run=delete_member,
        requires=(ADD_MEMBERS, "lifecycle/delete"),
    ),
    Check(
        rule=_rule(
            "unknown-member",
            "A member that does not exist makes no crash",
            cause="unhandled-exception-500",
            what="Adds a random id; acceptance and a 4xx are both fine.",
            why="Entra may know a member whose user was deleted in the app.",
            admin_sees=_FAILS,
            fix="Check the id; answer 400 with a SCIM error, or ignore it.",
        ),
        run=_unknown,
        requires=(ADD_MEMBERS,),
    ),
    Check(
        rule=_rule(
            "disabled-member",
            "A disabled user can be a member",
            severity="minor",
            cause="reference-unresolvable",
            what="Adds a user who was created inactive.",
            why="Entra keeps disabled users in groups; a refusal loses the other members of the same PATCH.",
            admin_sees=_FAILS,
            fix="Accept members whether they are active or not.",
        ),
        run=_disabled,
        requires=(ADD_MEMBERS, "create/inactive"),
    ),
    Check(
        rule=_rule(
            "many-members",
            "A hundred members are added in one PATCH",
            cause="attribute-not-stored-or-returned",
            what="Adds a hundred ids at once; where the app refuses unknown ids, all test users.",
            why="Entra fills large groups with many members in one request.",
            admin_sees=_FAILS,
            fix="Allow request bodies of at least a megabyte, and store every value.",
        ),
        run=_many,
        requires=(ADD_MEMBERS,),
    ),
    Check(
        rule=_rule(
            "parallel",
            "Members that are added at the same time all stay",
            cause="concurrent-member-update-lost",
            what="Adds five members of one group by five requests at the same time.",
            why="Entra sends changes of one group in parallel.",
            admin_sees=_WRONG,
            fix="Apply changes as deltas under a lock or in one transaction.",
        ),
        run=parallel,
        requires=(ADD_MEMBERS,),
    ),
)
