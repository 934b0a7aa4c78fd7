"""PATCH with filtered paths, extension paths and no path at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import Way, apply, both, collateral, has, lacks
from scimdoctor.checks.elements import attribute_of, elements_at, fits, fresh_value
from scimdoctor.checks.ids import EXTENSION, OPERATIONS, REPLACE, VALUE_PATH
from scimdoctor.checks.patch_whole import login_follows, lost_part
from scimdoctor.checks.references import COMPATIBILITY, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import request_words, shown
from scimdoctor.checks.values import (
    DEPARTMENT,
    EMPLOYEE_NUMBER,
    MOBILE_PHONE,
    OTHER_EMAIL,
    WORK_COUNTRY,
    WORK_EMAIL,
    WORK_LOCALITY,
    WORK_PHONE,
    WORK_STREET,
)
from scimdoctor.entra.dialect import Dialect
from scimdoctor.model.rule import Severity
from scimdoctor.scim import urns
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.effects import Effect
    from scimdoctor.checks.objects import TestObject


def _value_path(context: CheckContext) -> Iterator[Result]:
    path = next(
        (
            p
            for p in (WORK_EMAIL, WORK_PHONE, WORK_STREET)
            if p in context.kept and attribute_of(p) not in context.malformed
        ),
        None,
    )
    if path is None:
        raise Unavailable("the app keeps no e-mail, phone or address (see read/stored)")
    user = context.user("subject")
    value = fresh_value(context, path)
    before = elements_at(context.state(user), path)
    effect = apply(context, user, [context.op("replace", path, value)], expect=has(path, value))
    if not effect.worked:
        if _is_immutable(context, effect, path):
            yield failed(f"{effect.words}.", *effect.exchanges, cause="immutable-attribute-refused")
            return
        stripped = effect.accepted and _took(effect, path, value)
        cause = "replace-clears-unsent-values" if stripped and len(before) == 1 else None
        if effect.accepted and not stripped and _filters_elsewhere(context, path):
            context.works_anyway.add(VALUE_PATH)
            context.spelling.unfiltered.add(attribute_of(path))
            yield failed(
                f"{effect.words}. With {WORK_PHONE} such a path works.",
                *effect.exchanges,
                cause="patch-accepted-not-applied",
                severity=Severity.MAJOR,
            )
            return
        yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)
        return
    yield from _element_damage(effect, path, before)
    yield from collateral(effect)
    if path == WORK_EMAIL:
        yield from login_follows(context, effect, value)


def _filters_elsewhere(context: CheckContext, path: str) -> bool:
    """Whether a filtered path works on another attribute: then it is not the path that is ignored."""
    if path == WORK_PHONE or WORK_PHONE not in context.kept or "phoneNumbers" in context.malformed:
        return False
    value = fresh_value(context, WORK_PHONE)
    operation = context.op("replace", WORK_PHONE, value)
    return apply(
        context, context.user("subject"), [operation], expect=has(WORK_PHONE, value)
    ).worked


def _is_immutable(context: CheckContext, effect: Effect, path: str) -> bool:
    """Whether it is the change that is refused: the path with the value that is there is taken."""
    body = effect.exchange.json
    if isinstance(body, dict) and body.get("scimType") == "mutability":
        return True
    if effect.accepted or effect.exchange.status in {404, 405, 501}:
        return False
    user, old = context.user("subject"), value_at(effect.after, path)
    same = apply(context, user, [context.op("replace", path, old)], expect=has(path, old))
    return same.worked


def _element_damage(effect: Effect, path: str, before: list[dict[str, Any]]) -> Iterator[Result]:
    """What happened to the other elements, and to the other parts of the element."""
    after = elements_at(effect.after, path)
    sub = path.rpartition(".")[2]
    for old in before:
        changed = {sub, "display", "formatted"} if fits(old, path) else set[str]()
        kept = {k: v for k, v in old.items() if k not in changed and v}
        same = [e for e in after if e.get("type") == old.get("type")]
        if not any(all(e.get(k) == v for k, v in kept.items()) for e in same):
            yield failed(
                f"{request_words(effect.exchange)} changed more than it names: "
                f"{shown(before)} became {shown(after)}.",
                *effect.exchanges,
                cause="replace-clears-unsent-values",
            )
            return
    if len(after) > len(before):
        yield failed(
            f"{request_words(effect.exchange)} made another element: {shown(after)}.",
            *effect.exchanges,
            cause="value-path-add-creates-duplicates",
        )


def _siblings(context: CheckContext) -> Iterator[Result]:
    """One of two elements is changed: the filter must tell them apart."""
    wanted = {MOBILE_PHONE: "+1 555 010 7701", OTHER_EMAIL: context.values.user_name("private")}
    near = {MOBILE_PHONE: WORK_PHONE, OTHER_EMAIL: WORK_EMAIL}
    extra = {p: v for p, v in wanted.items() if near[p] in context.kept}
    user = context.create("Users", {**context.values.person("siblings"), **extra})
    state, tried = context.state(user), 0
    for path in (MOBILE_PHONE, WORK_EMAIL):
        before = elements_at(state, path)
        known = attribute_of(path) in context.spelling.unfiltered
        if known or len(before) < 2 or value_at(state, path) is None:
            continue
        tried += 1
        value = fresh_value(context, path)
        effect = apply(context, user, [context.op("replace", path, value)], expect=has(path, value))
        if not effect.worked:
            other = " Another element took the value." if _took(effect, path, value) else ""
            context.spelling.unfiltered.add(attribute_of(path))
            yield failed(f"{effect.words}.{other}", *effect.exchanges)
            return
        yield from _element_damage(effect, path, before)
        yield from collateral(effect)
    if tried and context.spelling.removes:
        yield from _one_removed(context, user)
    if not tried:
        raise Unavailable("the app keeps one e-mail address and one phone number only")


def _one_removed(context: CheckContext, user: TestObject) -> Iterator[Result]:
    """Remove the value of one of two numbers: the other must stay."""
    if value_at(context.state(user), MOBILE_PHONE) is None:
        return
    other = value_at(context.state(user), WORK_PHONE)
    operations = [context.op("remove", MOBILE_PHONE)]
    effect = apply(context, user, operations, expect=lacks(MOBILE_PHONE))
    if not effect.worked and not effect.accepted:
        yield failed(
            f"{effect.words}. A replace with this path works.",
            *effect.exchanges,
            cause="unhandled-exception-500" if effect.exchange.crashed else None,
            severity=Severity.MINOR,
        )
    elif effect.accepted and other is not None and value_at(effect.after, WORK_PHONE) != other:
        yield failed(
            f"{request_words(effect.exchange)} also removed the work number, which was {shown(other)}.",
            *effect.exchanges,
            cause="replace-clears-unsent-values",
        )


def _took(effect: Effect, path: str, value: str) -> bool:
    """Whether the value of a PATCH went to an element that its filter does not fit."""
    return any(e.get("value") == value for e in elements_at(effect.after, path))


def _add_matching(context: CheckContext) -> Iterator[Result]:
    path = next((p for p in (WORK_LOCALITY, WORK_EMAIL) if p in context.kept), None)
    if path is None:
        raise Unavailable("the app keeps no e-mail or address (see read/stored)")
    value = fresh_value(context, path)
    replace = Way(
        operations=[context.op("replace", path, value)],
        words="as a replace",
        cause="patch-add-not-supported",
    )
    user = context.user("subject")
    before = elements_at(context.state(user), path)
    operations = [context.op("add", path, value)]
    effect = apply(context, user, operations, expect=has(path, value))
    if effect.worked:
        yield from _element_damage(effect, path, before)
        yield from collateral(effect)
        return
    if len(elements_at(effect.after, path)) > len(before):
        yield failed(
            f"{effect.words}; it made another element: {shown(elements_at(effect.after, path))}.",
            *effect.exchanges,
            cause="value-path-add-creates-duplicates",
        )
        return
    other = apply(context, user, replace.operations, expect=has(path, value))
    cause = replace.cause if other.worked else None
    if other.worked and "patch/add" in context.passed and _never_adds(context, path):
        context.spelling.filtered_adds = False
        cause = None
    if not other.worked:
        context.spelling.unfiltered.add(attribute_of(path))
    yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)


def _never_adds(context: CheckContext, path: str) -> bool:
    """Whether a filtered add fails also where no element matches."""
    user, value = context.user("bare-of-all"), fresh_value(context, path)
    if value_at(context.state(user), path) is not None:
        return False
    effect = apply(context, user, [context.op("add", path, value)], expect=has(path, value))
    return not effect.worked


def _no_match(context: CheckContext) -> Iterator[Result]:
    if not context.spelling.filtered_adds:
        raise Unavailable(
            "the app takes no filter in the path of an add (see patch/value-path-add)"
        )
    tried = 0
    for role, op, path, near in (
        ("bare", "add", WORK_EMAIL, WORK_EMAIL),
        ("subject", "add", MOBILE_PHONE, WORK_PHONE),
        ("bare2", "replace", WORK_EMAIL, WORK_EMAIL),
        ("bare2", "replace", WORK_PHONE, WORK_PHONE),
    ):
        bad = attribute_of(near) in context.malformed | context.spelling.unfiltered
        if near not in context.kept or path in context.spelling.require or bad:
            continue
        tried += 1
        results = list(_fill(context, role, op, path))
        yield from results
        if results:
            return
    if not tried:
        raise Unavailable("the app keeps no e-mail or phone that could be missing")


def _fill(context: CheckContext, role: str, op: str, path: str) -> Iterator[Result]:
    user, value = context.user(role), fresh_value(context, path)
    if value_at(context.state(user), path) is not None:
        return
    before = elements_at(context.state(user), path)
    effect = apply(context, user, [context.op(op, path, value)], expect=has(path, value))
    if not effect.worked:
        crashed = effect.exchange.crashed
        cause = "unhandled-exception-500" if crashed else None
        if effect.accepted and any(e not in elements_at(effect.after, path) for e in before):
            told = "patch/value-path-siblings" not in context.passed
            cause = (  # another element took the value
                "replace-clears-unsent-values" if told else "value-path-unsupported"
            )
        if op == "add" and not effect.accepted and "patch/add" not in context.passed:
            replace = [context.op("replace", path, value)]
            other = apply(context, user, replace, expect=has(path, value))
            cause = "patch-add-not-supported" if other.worked else cause
        ignored = effect.accepted and elements_at(effect.after, path) == before
        if path == MOBILE_PHONE and ignored and not _keeps_mobile(context):
            return
        added = op == "replace"  # the Adds before it worked
        words = f"{effect.words}. As an add it works." if added else f"{effect.words}."
        severity = Severity.MAJOR if added else None
        yield failed(words, *effect.exchanges, cause=cause, severity=severity)
        return
    yield from _element_damage_when_adding(effect, path, before)
    yield from collateral(effect)


def _keeps_mobile(context: CheckContext) -> bool:
    """Whether the app keeps a mobile number at all, seen from a create."""
    person = {**context.values.person("mobile"), MOBILE_PHONE: "+1 555 010 7777"}
    made = context.create("Users", person)
    return value_at(context.state(made), MOBILE_PHONE) is not None


def _element_damage_when_adding(
    effect: Effect, path: str, before: list[dict[str, Any]]
) -> Iterator[Result]:
    after = elements_at(effect.after, path)
    if len(after) > len(before) + 1:
        yield failed(
            f"{request_words(effect.exchange)} made several elements: {shown(after)}.",
            *effect.exchanges,
            cause="value-path-add-creates-duplicates",
        )
    lost = [e for e in before if not any(a.get("value") == e.get("value") for a in after)]
    if lost:
        yield failed(
            f"{request_words(effect.exchange)} lost {shown(lost)}.",
            *effect.exchanges,
            cause="replace-clears-unsent-values",
        )


def _several_adds(context: CheckContext) -> Iterator[Result]:
    if not context.spelling.filtered_adds:
        raise Unavailable(
            "the app takes no filter in the path of an add (see patch/value-path-add)"
        )
    values = {WORK_STREET: "34 Mill Lane", WORK_LOCALITY: "Utrecht", WORK_COUNTRY: "NL"}
    wanted = {p: v for p, v in values.items() if p in context.kept}
    if len(wanted) < 2:
        raise Unavailable("the app keeps no addresses with several parts (see read/stored)")
    if "addresses" in context.spelling.unfiltered:
        raise Unavailable("addresses cannot be changed by a filter (see patch/value-path-add)")
    user = context.user("bare")
    operations = [context.op("add", p, v) for p, v in wanted.items()]
    effect = apply(context, user, operations, expect=both(*(has(p, v) for p, v in wanted.items())))
    after = elements_at(effect.after, WORK_STREET)
    work = [e for e in after if str(e.get("type")).casefold() == "work"]
    if len(work) > 1 or len(after) > 1:
        yield failed(
            f"{request_words(effect.exchange)} made {len(after)} elements instead of one: "
            f"{shown(after)}.",
            *effect.exchanges,
        )
    elif not effect.worked:
        cause = lost_part(context, user, wanted, effect) or "value-path-no-match-rejected"
        yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)


def _extension(context: CheckContext) -> Iterator[Result]:
    path = next((p for p in (DEPARTMENT, EMPLOYEE_NUMBER) if p in context.kept), None)
    if path is None:
        raise Unavailable("the app does not keep the enterprise extension (see read/stored)")
    for role, op in (("subject", "replace"), ("bare", "add")):
        value = context.values.text("Unit")
        effect = apply(
            context, context.user(role), [context.op(op, path, value)], expect=has(path, value)
        )
        if effect.worked:
            yield from collateral(effect)
            continue
        cause = None
        if op == "add":
            replaced = apply(
                context,
                context.user(role),
                [context.op("replace", path, value)],
                expect=has(path, value),
            )
            cause = "patch-add-not-supported" if replaced.worked else None
        yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)
        return


def _extension_second(context: CheckContext) -> Iterator[Result]:
    context.need(DEPARTMENT, EMPLOYEE_NUMBER)
    user = context.user("subject")
    number = context.values.employee_number()
    operations = [context.op("add", EMPLOYEE_NUMBER, number)]
    effect = apply(context, user, operations, expect=has(EMPLOYEE_NUMBER, number))
    if not effect.worked:
        replaced = apply(
            context,
            user,
            [context.op("replace", EMPLOYEE_NUMBER, number)],
            expect=has(EMPLOYEE_NUMBER, number),
        )
        cause = "patch-add-not-supported" if replaced.worked else None
        yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)
        return
    yield from collateral(effect)
    if not context.spelling.removes:
        return
    effect = apply(
        context, user, [context.op("remove", EMPLOYEE_NUMBER)], expect=lacks(EMPLOYEE_NUMBER)
    )
    if not effect.worked:
        yield failed(f"{effect.words}.", *effect.exchanges, severity=Severity.MINOR)
    yield from collateral(effect)


def _extension_whole(context: CheckContext) -> Iterator[Result]:
    context.need(DEPARTMENT)
    value = context.values.text("Whole")
    operation = context.op("replace", urns.ENTERPRISE_USER, {"department": value})
    effect = apply(context, context.user("subject"), [operation], expect=has(DEPARTMENT, value))
    if not effect.worked:
        yield noted(f"{effect.words}. Entra names single attributes instead.", *effect.exchanges)


def _pathless(context: CheckContext) -> Iterator[Result]:
    if Dialect.COMPLIANT not in context.options.dialects:
        raise Unavailable("the dialect that sends it was not asked for")
    wanted = {
        path: context.values.text("Keys")
        for path in ("displayName", "title", "name.givenName", "name.familyName", DEPARTMENT)
        if path in context.kept and _is_sound(context, path)
    }
    dotted = {p for p in wanted if "." in p or ":" in p}
    if not wanted:
        raise Unavailable("the app keeps no attribute that could be sent so")
    user = context.user("keys")
    operation = {"op": _low(context, "replace"), "value": wanted}
    expect = both(*(has(p, v) for p, v in wanted.items()))
    effect = apply(context, user, [operation], expect=expect)
    literal = [key for key in dotted if key in effect.after]
    if literal:
        yield failed(
            f"{request_words(effect.exchange)} stored attributes literally called "
            f"{', '.join(sorted(literal))}.",
            *effect.exchanges,
        )
    elif not effect.worked:
        wrong = [p for p, v in wanted.items() if not has(p, v)(effect.after)]
        yield failed(f"{effect.words}. Unchanged: {', '.join(wrong)}.", *effect.exchanges)
    else:
        yield from collateral(effect)


def _is_sound(context: CheckContext, path: str) -> bool:
    """Whether the attribute can be changed by its path, so that only the keys are in question."""
    if path.startswith("name."):
        return "patch/sub-attribute" in context.passed
    if path == "title":
        return "patch/add" in context.passed
    return path != DEPARTMENT or EXTENSION in context.passed


def _low(context: CheckContext, name: str) -> str:
    """The operation in lower case, unless the app takes only the other."""
    only_capital = context.spelling.capital_ops and "patch/op-case" not in context.passed
    return name.capitalize() if only_capital else name


def _pathless_object(context: CheckContext) -> Iterator[Result]:
    context.need("name.givenName", "name.familyName")
    user = context.user("subject")
    given = value_at(context.state(user), "name.givenName")
    value = context.values.text("Nested")
    operation = {"op": _low(context, "replace"), "value": {"name": {"familyName": value}}}
    effect = apply(context, user, [operation], expect=has("name.familyName", value))
    if not effect.worked:
        yield noted(
            f"{effect.words}. Entra sends dotted keys instead.", *effect.exchanges, cause=""
        )
    elif value_at(effect.after, "name.givenName") != given:
        yield noted(
            f"{request_words(effect.exchange)} also changed name.givenName, which was "
            f"{shown(given)} and is {shown(value_at(effect.after, 'name.givenName'))}. "
            "Entra sends dotted keys instead.",
            *effect.exchanges,
        )


_rule = family("patch", TUTORIAL, COMPATIBILITY, rfc="RFC 7644 §3.5.2", severity="blocker")


_FAILS = "update events that fail with the app's status; every other change in the same PATCH is lost too."
_SILENT = "success, while the app keeps the old value."

CHECKS = (
    Check(
        rule=_rule(
            VALUE_PATH.partition("/")[2],
            "A path with a value filter changes the element that matches",
            cause="value-path-unsupported",
            what='Replaces emails[type eq "work"].value (or a phone or address) and compares all elements.',
            why="Entra's default mapping addresses e-mail, phones and addresses so.",
            admin_sees=_FAILS,
            fix="Parse paths of the form attribute[filter].sub-attribute and change only that element.",
        ),
        run=_value_path,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "value-path-siblings",
            "A path with a value filter leaves elements of other types alone",
            cause="value-path-unsupported",
            what="Creates a user with a work and a mobile number and with a work and another e-mail "
            "address, and replaces one of each.",
            why="Entra maps work, mobile and fax numbers; each must change alone.",
            admin_sees=_SILENT,
            fix="Evaluate the filter on each element, and change only those that it fits.",
        ),
        run=_siblings,
        requires=(VALUE_PATH,),
        heeds=OPERATIONS,
    ),
    Check(
        rule=_rule(
            "value-path-add",
            "Add on a matching element changes it",
            severity="major",
            cause="value-path-unsupported",
            what="Adds a value to a part of an element that has one.",
            why="Entra sends Add when it did not see the value.",
            admin_sees=_FAILS,
            fix="Treat add of a single-valued sub-attribute as replace.",
        ),
        run=_add_matching,
        requires=(VALUE_PATH,),
    ),
    Check(
        rule=_rule(
            "value-path-no-match",
            "A value filter that matches nothing creates the element",
            requirement="ENTRA",
            cause="value-path-no-match-rejected",
            what="Adds and replaces a work e-mail address of a user that has none, and a mobile number "
            "of a user that has only a work number.",
            why="Entra has no other way to give a user a first e-mail address or phone; the RFC's noTarget "
            "stops it.",
            admin_sees=_FAILS,
            fix="When the filter is an equality and nothing matches, append an element with that type "
            "and the value.",
        ),
        run=_no_match,
        requires=(VALUE_PATH,),
    ),
    Check(
        rule=_rule(
            "value-path-several",
            "Several filtered Adds fill one element",
            severity="major",
            requirement="ENTRA",
            cause="value-path-add-creates-duplicates",
            what='Adds street, locality and country of addresses[type eq "work"] in one request to a user '
            "without an address.",
            why="Entra sends each part of an address as its own operation.",
            admin_sees="success, while the app shows several half addresses.",
            fix="Apply the operations in order; let the second find the element that the first made.",
        ),
        run=_several_adds,
        requires=(VALUE_PATH, "patch/value-path-no-match", "patch/value-path-add", "patch/several"),
    ),
    Check(
        rule=_rule(
            EXTENSION.partition("/")[2],
            "A path with an extension's URN changes the extension attribute",
            severity="major",
            cause="extension-urn-path-unsupported",
            what="Replaces urn:…:enterprise:2.0:User:department, and adds it to a user without an extension.",
            why="Entra addresses every extension attribute by its URN.",
            admin_sees=_FAILS,
            fix="Split the path at the last colon after a known schema URN (which holds dots and colons).",
        ),
        run=_extension,
        requires=(REPLACE,),
        heeds=OPERATIONS,
    ),
    Check(
        rule=_rule(
            "extension-second",
            "A second extension attribute is added and removed without harm to the first",
            severity="major",
            cause="extension-urn-path-unsupported",
            what="Adds employeeNumber beside department, then removes it.",
            why="Entra changes extension attributes one at a time.",
            admin_sees=_FAILS,
            fix="Merge into the stored extension object.",
        ),
        run=_extension_second,
        requires=(EXTENSION,),
        heeds=OPERATIONS,
    ),
    Check(
        rule=_rule(
            "extension-whole",
            "A whole extension may be replaced by its URN",
            severity="info",
            cause="extension-urn-path-unsupported",
            what="Replaces the enterprise extension as an object, with the bare URN as path.",
            why="Other clients send it so; Entra does not.",
            admin_sees="nothing: Entra does not send it.",
            fix="Recognise a path that is exactly a schema's URN.",
        ),
        run=_extension_whole,
        requires=(EXTENSION,),
    ),
    Check(
        rule=_rule(
            "pathless",
            "A replace without a path expands dotted and URN keys",
            severity="major",
            requirement="ENTRA",
            cause="pathless-dotted-keys-unsupported",
            what='Sends {"op": "replace", "value": {"displayName": …, "name.givenName": …, '
            '"urn:…:User:department": …}} and reads the user back.',
            why="With aadOptscim062020 in the tenant URL Entra sends all unfiltered changes so.",
            admin_sees=_SILENT,
            fix="Take each key of the value as a path.",
        ),
        run=_pathless,
        requires=(REPLACE,),
        heeds=("patch/op-case", "patch/sub-attribute", "patch/add", EXTENSION),
    ),
    Check(
        rule=_rule(
            "pathless-object",
            "A replace without a path merges into complex attributes",
            severity="minor",
            cause="replace-clears-unsent-values",
            what='Sends {"op": "replace", "value": {"name": {"familyName": …}}} and compares the given name.',
            why="A replace of a complex attribute must keep the parts it does not name.",
            admin_sees="success, while the given name disappears.",
            fix="Merge sub-attributes into the stored object (RFC 7644 §3.5.2.3).",
        ),
        run=_pathless_object,
        requires=("patch/pathless", "patch/sub-attribute"),
    ),
)
