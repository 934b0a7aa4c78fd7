"""PATCH of single-valued attributes, from the simplest up: what each operation does, and to what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import (
    Effect,
    Trial,
    Way,
    apply,
    attempt,
    both,
    collateral,
    has,
    lacks,
)
from scimdoctor.checks.ids import READ, REPLACE, SEVERAL
from scimdoctor.checks.patch_whole import single_cause, whole_update
from scimdoctor.checks.references import COMPATIBILITY, TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, difference, request_words, shown
from scimdoctor.entra.dialect import Dialect
from scimdoctor.model.rule import Severity
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject

_SIMPLE = ("displayName", "title", "name.familyName", "preferredLanguage")
_CLEARS = "replace-clears-unsent-values"
_SPARE = ("title", "preferredLanguage", "displayName")


def _simple(context: CheckContext) -> str:
    """A single-valued text attribute that the app is known to keep."""
    path = next((p for p in _SIMPLE if p in context.kept), None)
    if path is None:
        raise Unavailable("the app keeps none of the simple attributes (see read/stored)")
    return path


def _replace(context: CheckContext) -> Iterator[Result]:
    """Try one simple attribute after the other, and each in both spellings, until one works."""
    user = context.user("subject")
    effects: list[Effect] = []
    for path in _candidates(context, user):
        value = context.values.text("Replaced") if path != "preferredLanguage" else "nl-NL"
        for name in _spellings(context, "replace"):
            operation = {"op": name, "path": path, "value": value}
            effect = apply(context, user, [operation], expect=has(path, value))
            if effect.worked:
                context.kept.add(path)
                context.spelling.capital_ops = name[0].isupper()
                if effects:
                    yield from _earlier(context, effects[0], effect)
                yield from _answer(effect)
                damage = [*collateral(effect), *_other_users(context, effect)]
                yield from damage
                if not damage:
                    context.works_anyway.add(REPLACE)
                return
            effects.append(effect)
    yield from _nothing_works(context, user, effects[0])


def _candidates(context: CheckContext, user: TestObject) -> list[str]:
    """The simple attributes that the app keeps, then those that a create sets otherwise."""
    _simple(context)
    shown_paths = [p for p in _SIMPLE if value_at(context.state(user), p) is not None]
    return sorted(shown_paths, key=lambda path: path not in context.kept)


def _other_users(context: CheckContext, effect: Effect) -> Iterator[Result]:
    """See whether the same change was made to a user whom the PATCH does not name."""
    other = context.user("bystander")
    read = context.read(other)
    operation = _operation(effect)
    if value_at(context.state(other), operation["path"]) == operation["value"]:
        yield failed(
            f"{request_words(effect.exchange)} changed {other.name!r} as well.",
            other.created,
            read,
            *effect.exchanges,
            cause="replace-clears-unsent-values",
        )


def _earlier(context: CheckContext, first: Effect, works: Effect) -> Iterator[Result]:
    """Say why what was tried before the operation that works did not work."""
    mine, other = _operation(works), _operation(first)
    evidence = (*works.exchanges, *first.exchanges)
    if mine["op"] != other["op"]:
        yield failed(
            f"{first.words}. Written {mine['op']!r} it works.",
            *evidence,
            cause="patch-op-case-sensitive",
        )
        return
    context.kept.discard(other["path"])
    words = f"{first.words}. For {mine['path']} it works."
    cause = single_cause(other["path"], first)
    yield failed(words, *evidence, cause=cause, severity=Severity.MAJOR)


def _operation(effect: Effect) -> dict[str, Any]:
    operation: dict[str, Any] = effect.exchange.request.json["Operations"][0]
    return operation


def _spellings(context: CheckContext, name: str) -> list[str]:
    """The operation's name as Entra spells it, then the other way."""
    both_ways = [name.capitalize(), name]
    return both_ways if context.dialect is Dialect.DEFAULT else both_ways[::-1]


def _nothing_works(context: CheckContext, user: TestObject, effect: Effect) -> Iterator[Result]:
    """Say why not even the simplest PATCH works."""
    status = effect.exchange.status or 0
    context.unpatched = effect.exchange
    done = _operation(effect)
    if not effect.accepted and has(done["path"], done["value"])(effect.after):
        yield failed(
            f"{effect.words}, while a read by id shows the change.",
            *effect.exchanges,
            cause="write-response-wrong",
        )
        return
    value = context.values.text("Replaced")
    wrapped = context.op("replace", _simple(context), [{"value": value}])
    other = apply(context, user, [wrapped], expect=has(_simple(context), value))
    if other.accepted and not effect.accepted:
        yield failed(
            f"{effect.words}. Wrapped in an array the value is accepted.",
            *effect.exchanges,
            cause="patch-value-shape-rejected",
        )
        return
    pathless = {"op": "replace", "value": {"displayName": value}}
    other = apply(context, user, [pathless], expect=has("displayName", value))
    if other.worked:
        yield failed(
            f"{effect.words}. Without a path it works.",
            *effect.exchanges,
            cause="value-path-unsupported",
        )
    elif effect.accepted:
        yield failed(f"{effect.words}.", *effect.exchanges, cause="patch-accepted-not-applied")
    elif status in {404, 405, 501}:
        yield failed(f"{effect.words}.", *effect.exchanges)
    elif _other_media_type(context, user):
        media_type = context.spelling.media_type
        yield failed(
            f"{effect.words}. With Content-Type {media_type!r} it works.",
            *effect.exchanges,
            cause="request-content-type-refused",
        )
    else:
        yield failed(f"{effect.words}.", *effect.exchanges, cause=_refusal_cause(status))


def _refusal_cause(status: int) -> str:
    if status >= 500:
        return "unhandled-exception-500"
    if status == 415:
        return "request-content-type-refused"
    return "app-policy-refuses-change" if status in {401, 403} else "over-strict-validation"


def _other_media_type(context: CheckContext, user: TestObject) -> bool:
    """Whether the replace works with another media type; the context goes on using that."""
    before = context.spelling.media_type
    for media_type in ("application/scim+json", "application/json"):
        context.spelling.media_type = media_type
        path, value = _simple(context), context.values.text("Replaced")
        operation = context.op("replace", path, value)
        if apply(context, user, [operation], expect=has(path, value)).worked:
            return True
    context.spelling.media_type = before
    return False


def _answer(effect: Effect) -> Iterator[Result]:
    """Judge the answer to a PATCH that worked."""
    exchange = effect.exchange
    words = f"{request_words(exchange)} was answered {exchange.status}"
    body = exchange.json
    if exchange.status not in {200, 204}:
        yield failed(f"{words} instead of 200 or 204.", exchange, cause="write-response-wrong")
    elif exchange.status == 200 and not isinstance(body, dict):
        yield failed(f"{words} without the resource.", exchange, cause="write-response-wrong")
    elif exchange.status == 200:
        path = str(exchange.request.json["Operations"][0]["path"])
        told, stored = value_at(body, path), value_at(effect.after, path)
        if told is not None and difference(stored, told) not in {None, "case"}:
            yield failed(
                f"{words} with {path} {shown(told)}, while a read says {shown(stored)}: "
                "the answer shows the state before the change.",
                exchange,
                cause="write-response-wrong",
            )
        elif "id" not in body:
            yield failed(
                f"{words} with {shown(body)}, which is no resource.",
                exchange,
                cause="write-response-wrong",
            )


def _other_case(context: CheckContext) -> Iterator[Result]:
    """Replace worked in one spelling; the other dialect uses the other one."""
    user, path = context.user("subject"), _simple(context)
    if len(context.options.dialects) < 2:
        raise Unavailable("only one dialect was asked for")
    name = "replace" if context.spelling.capital_ops else "Replace"
    value = context.values.text("Spelled")
    operation = {"op": name, "path": path, "value": value}
    effect = apply(context, user, [operation], expect=has(path, value))
    if not effect.worked:
        yield failed(f"{effect.words}.", *effect.exchanges)


def _spare(context: CheckContext) -> str:
    path = next((p for p in _SPARE if p in context.kept), None)
    if path is None:
        raise Unavailable("the app keeps no optional single-valued attribute (see read/stored)")
    return path


def _add(context: CheckContext) -> Iterator[Result]:
    yield from _add_to(context, "subject", _spare(context))
    yield from _add_to(context, "bare", _spare(context))
    if "externalId" in context.kept:
        yield from _add_to(context, "bare", "externalId")


def _add_to(context: CheckContext, role: str, path: str) -> Iterator[Result]:
    value = context.values.text("Added") if path != "preferredLanguage" else "nl-NL"
    trial = Trial(
        thing=context.user(role),
        operations=[context.op("add", path, value)],
        expect=has(path, value),
        ways=(
            Way(
                operations=[{"op": "add", "path": path, "value": value}],
                words="written 'add'",
                cause="patch-op-case-sensitive",
            ),
            Way(
                operations=[context.op("replace", path, value)],
                words="as a replace",
                cause="patch-add-not-supported",
            ),
        ),
        refused="immutable-attribute-refused"
        if path == "externalId"
        else "mapping-targets-unsupported-attribute",
    )
    yield from attempt(context, trial)


def _remove(context: CheckContext) -> Iterator[Result]:
    user, path = context.user("subject"), _spare(context)
    if path == "displayName":
        raise Unavailable("the app keeps no attribute that could be removed without harm")
    if value_at(context.state(user), path) in (None, ""):
        value = context.values.text("Kept") if path != "preferredLanguage" else "fr-FR"
        apply(context, user, [context.op("replace", path, value)], expect=has(path, value))
    trial = Trial(
        thing=user,
        operations=[context.op("remove", path)],
        expect=lacks(path),
        ways=(
            Way(
                operations=[{"op": "remove", "path": path}],
                words="written 'remove'",
                cause="patch-op-case-sensitive",
            ),
        ),
        refused="mapping-targets-unsupported-attribute",
    )
    for result in attempt(context, trial):
        context.spelling.removes = result.cause in {"patch-op-case-sensitive", _CLEARS}
        yield result


def _sub_attribute(context: CheckContext) -> Iterator[Result]:
    context.need("name.familyName", "name.givenName")
    user = context.user("subject")
    given = value_at(context.state(user), "name.givenName")
    value = context.values.text("Family")
    effect = apply(
        context,
        user,
        [context.op("replace", "name.familyName", value)],
        expect=has("name.familyName", value),
    )
    if not effect.worked:
        accepted = effect.accepted
        cause = "patch-accepted-not-applied" if accepted else _path_cause(effect)
        yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)
    elif value_at(effect.after, "name.givenName") != given:
        yield failed(
            f"{request_words(effect.exchange)} also changed name.givenName, which was "
            f"{shown(given)} and is {shown(value_at(effect.after, 'name.givenName'))}.",
            *effect.exchanges,
        )
    else:
        yield from collateral(effect)


def _path_cause(effect: Effect) -> str:
    crashed = effect.exchange.crashed
    return "unhandled-exception-500" if crashed else "mapping-targets-unsupported-attribute"


def _several(context: CheckContext) -> Iterator[Result]:
    user = context.user("subject")
    paths = [p for p in (_simple(context), "externalId", "name.givenName") if p in context.kept]
    if len(paths) < 2:
        raise Unavailable("the app keeps too few attributes for several operations")
    values = {p: context.values.text("Several") for p in paths}
    operations = [context.op("replace", p, v) for p, v in values.items()]
    wanted = both(*(has(p, v) for p, v in values.items()))
    effect = apply(context, user, operations, expect=wanted)
    if effect.worked:
        yield from collateral(effect)
        return
    alone = [
        (p, apply(context, user, [o], expect=has(p, values[p])))
        for p, o in zip(paths, operations, strict=True)
    ]
    broken = [(p, one) for p, one in alone if not one.worked]
    if not broken:
        done = [p for p in paths if has(p, values[p])(effect.after)]
        crashed = effect.exchange.crashed
        refused = "unhandled-exception-500" if crashed else "over-strict-validation"
        yield failed(
            f"{effect.words}: of {', '.join(paths)} only {', '.join(done) or 'none'} changed. "
            "One at a time they work.",
            *effect.exchanges,
            cause=None if effect.accepted else refused,
        )
        return
    if len(broken) < len(paths):
        context.works_anyway.add(SEVERAL)
    for path, one in broken:
        whole = path.partition(".")[0]
        context.kept -= {kept for kept in context.kept if kept.partition(".")[0] == whole}
        cause = single_cause(path, one)
        yield failed(f"{one.words}.", *one.exchanges, cause=cause, severity=Severity.MAJOR)


def _no_change(context: CheckContext) -> Iterator[Result]:
    user, path = context.user("subject"), _simple(context)
    value = value_at(context.state(user), path)
    effect = apply(context, user, [context.op("replace", path, value)], expect=has(path, value))
    if not effect.worked:
        yield failed(f"{effect.words}, though it asks for nothing new.", *effect.exchanges)


def _empty(context: CheckContext) -> Iterator[Result]:
    yield from _clear(context, "", "an empty text")


def _null(context: CheckContext) -> Iterator[Result]:
    yield from _clear(context, None, "null")


def _clear(context: CheckContext, value: Any, what: str) -> Iterator[Result]:  # noqa: ANN401
    user, path = context.user("subject"), _spare(context)
    if path == "displayName":
        raise Unavailable("the app keeps no attribute that could be emptied without harm")
    text = context.values.text("Full") if path != "preferredLanguage" else "de-DE"
    apply(context, user, [context.op("replace", path, text)], expect=has(path, text))
    effect = apply(context, user, [context.op("replace", path, value)], expect=lacks(path))
    if effect.worked:
        yield from collateral(effect)
    elif effect.accepted:
        yield failed(
            f"{path} replaced by {what} was answered {effect.exchange.status}, but stays "
            f"{shown(value_at(effect.after, path))}.",
            *effect.exchanges,
            cause="patch-accepted-not-applied",
        )
    else:
        yield failed(f"{effect.words}.", *effect.exchanges)


def _wrapped(context: CheckContext) -> Iterator[Result]:
    """What jobs made before 2019 (customappsso) send; new jobs do not."""
    user, path = context.user("bare2"), _simple(context)
    value = context.values.text("Wrapped")
    wrapped = [{"$ref": None, "value": value}]
    operation = context.op("replace", path, wrapped)
    effect = apply(context, user, [operation], expect=has(path, value), doubtful=True)
    if not effect.worked:
        del context.objects["bare2"]  # whatever it holds now, no other check shall build on it
        yield noted(
            f"{effect.words}. Only jobs of the old customappsso kind wrap texts so; "
            "they must be made again.",
            *effect.exchanges,
        )


def _atomic(context: CheckContext) -> Iterator[Result]:
    user, path = context.user("subject"), _simple(context)
    value = context.values.text("Half")
    operations = [
        context.op("replace", path, value),
        context.op("replace", 'emails[type eq "work"', "not a path"),
    ]
    effect = apply(context, user, operations, expect=lambda _state: True)
    if not effect.accepted and has(path, value)(effect.after):
        yield failed(
            f"{request_words(effect.exchange)} was answered {answer_words(effect.exchange)}, "
            "yet the first operation stays in effect.",
            *effect.exchanges,
        )


def _unknown(context: CheckContext) -> Iterator[Result]:
    exchange = context.patch_of_nobody()
    words = f"PATCH of a user that does not exist was answered {answer_words(exchange)}"
    if exchange.ok:
        yield failed(f"{words} instead of 404.", exchange, cause="write-response-wrong")
    elif exchange.crashed:
        yield failed(f"{words} instead of 404.", exchange)


_rule = family("patch", TUTORIAL, COMPATIBILITY, rfc="RFC 7644 §3.5.2", severity="blocker")


_FAILS = "update events that fail with the app's status; the user goes into escrow."
_SILENT = "success, while the app keeps the old value."

CHECKS = (
    Check(
        rule=_rule(
            REPLACE.partition("/")[2],
            "PATCH replaces a simple attribute",
            cause="patch-method-missing",
            what="Replaces one single-valued attribute, spelled as Entra does, and reads the user back: "
            "the value must be there, every other attribute as before, and an answer of 200 must show "
            "the new state. When it fails, tries the operation in lower case, without a path, and with "
            "other media types.",
            why="Entra updates, disables and restores users by PATCH only; it never sends PUT.",
            admin_sees=_FAILS,
            fix="Implement PATCH on /Users/{id} as in RFC 7644, read op without regard to letter case, "
            "change only what the operations name, answer 200 with the new resource or 204.",
        ),
        run=_replace,
        requires=(READ,),
    ),
    Check(
        rule=_rule(
            "op-case",
            "PATCH reads operation names in any letter case",
            severity="major",
            cause="patch-op-case-sensitive",
            what="Sends the same replace in the other letter case.",
            why="Entra writes Add, Replace, Remove; with aadOptscim062020 it writes them in lower case.",
            admin_sees="update events that fail once the flag in the tenant URL is changed.",
            fix="Lower-case op once when the request is parsed.",
        ),
        run=_other_case,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "add",
            "Add sets a single-valued attribute",
            cause="patch-accepted-not-applied",
            what="Adds an attribute that has a value, and attributes that have none.",
            why="Entra sends Add where the app had no value when it looked.",
            admin_sees=_FAILS,
            fix="Treat add of a single-valued attribute as replace.",
            section="3.5.2.1",
        ),
        run=_add,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "remove",
            "Remove empties an attribute",
            severity="major",
            cause="patch-accepted-not-applied",
            what="Removes an optional attribute by its path.",
            why="Entra sends Remove when the source became empty and nulls flow.",
            admin_sees=_SILENT,
            fix="Delete the value that the path names, and nothing else.",
            section="3.5.2.2",
        ),
        run=_remove,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "sub-attribute",
            "Replacing one part of the name leaves the others",
            severity="major",
            cause="replace-clears-unsent-values",
            what="Replaces name.familyName and compares the rest of the name.",
            why="Entra sends only the part that changed.",
            admin_sees="success, while the given name disappears in the app.",
            fix="Merge sub-attributes into the stored object.",
            section="3.5.2.3",
        ),
        run=_sub_attribute,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            SEVERAL.partition("/")[2],
            "Several operations in one PATCH all take effect",
            cause="patch-accepted-not-applied",
            what="Replaces several attributes in one request; when one stays, tries them one at a time.",
            why="Entra puts all changes of an object into one PATCH.",
            admin_sees=_SILENT,
            fix="Apply every element of Operations, in order.",
        ),
        run=_several,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "no-change",
            "A PATCH that changes nothing succeeds",
            severity="major",
            cause="non-idempotent-write",
            what="Replaces an attribute by the value it has.",
            why="Entra repeats a PATCH whose answer it lost, and sends values that it could not read.",
            admin_sees=_FAILS,
            fix="Answer 200 or 204 when there is nothing to do.",
        ),
        run=_no_change,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "empty",
            "An empty text empties an attribute",
            severity="minor",
            requirement="ENTRA",
            cause="patch-value-shape-rejected",
            what='Replaces an optional attribute by "".',
            why="Microsoft's validation of gallery apps clears attributes so.",
            admin_sees=_FAILS,
            fix="Take an empty text for no value.",
        ),
        run=_empty,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "null",
            "null empties an attribute",
            severity="minor",
            cause="patch-value-shape-rejected",
            what="Replaces an optional attribute by null.",
            why="Microsoft's validation of gallery apps clears attributes so.",
            admin_sees=_FAILS,
            fix="Take null for no value (RFC 7643 §2.5).",
        ),
        run=_null,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "atomic",
            "A PATCH that is refused changes nothing",
            severity="minor",
            cause="write-response-wrong",
            what="Sends a good operation followed by one with a broken path, and reads the user back.",
            why="Entra takes a refused PATCH for not done, and tries it again as a whole.",
            admin_sees="a failed update whose first half is in the app.",
            fix="Apply all operations to a copy, and store it only if all succeed.",
        ),
        run=_atomic,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "unknown-user",
            "PATCH of an unknown user is answered 404",
            severity="major",
            cause="unhandled-exception-500",
            what="Sends a PATCH to an id that does not exist.",
            why="From 404 Entra knows that its user is gone, and matches again.",
            admin_sees="the same 500 in every cycle, for users that were deleted in the app.",
            fix="Look the resource up first; answer 404 with a SCIM error.",
        ),
        run=_unknown,
        requires=(REPLACE, "errors/unknown-id"),
    ),
)

LAST_CHECKS = (
    Check(
        rule=_rule(
            "wrapped-text",
            "A text may be wrapped in an array",
            severity="info",
            requirement="ENTRA",
            cause="patch-value-shape-rejected",
            what='Replaces an attribute by [{"$ref": null, "value": "…"}].',
            why="Jobs of the old customappsso kind send texts so; jobs of today do not.",
            admin_sees="nothing, unless the job is that old.",
            fix="Make the enterprise app anew, so that the job is of the scim kind; or unwrap the array.",
        ),
        run=_wrapped,
        requires=(REPLACE,),
    ),
    Check(
        rule=_rule(
            "whole-update",
            "A whole update with every kind of path takes effect",
            severity="major",
            cause="patch-accepted-not-applied",
            what="Replaces every attribute of the default mapping that the app keeps in one request; when "
            "that fails, one at a time.",
            why="Entra puts all changes of an object into one PATCH.",
            admin_sees=_SILENT,
            fix="Apply every element of Operations, in order.",
        ),
        run=whole_update,
        requires=(REPLACE, SEVERAL, "patch/value-path", "patch/extension"),
    ),
)
