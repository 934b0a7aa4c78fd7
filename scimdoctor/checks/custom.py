"""What only some mappings send: custom extensions, and roles made from app roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import apply, has
from scimdoctor.checks.ids import CUSTOM, READ, REPLACE
from scimdoctor.checks.references import ATTRIBUTES, KNOWN_ISSUES
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import (
    answer_words,
    difference,
    resource_problems,
    same_moment,
    shown,
)
from scimdoctor.entra.app_roles import roles_for_create, roles_for_update
from scimdoctor.entra.dialect import Dialect
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.mapped_values import Mapped
    from scimdoctor.checks.objects import TestObject

_EXAMPLE = "urn:ietf:params:scim:schemas:extension:scimdoctor:2.0:User:badge"


def _attribute(context: CheckContext) -> tuple[Mapped, bool]:
    """An attribute of a custom extension, and whether this tenant's mapping sends it.

    Of several a text is taken: how a number or boolean is written has checks of its own.
    """
    from scimdoctor.checks.mapped_values import Mapped, plan

    schema = context.options.schema
    mapping = schema.mapping_for(group=False) if schema else None
    planned = plan(schema, mapping, context.values, "custom") if schema and mapping else None
    custom = [m for m in planned.attributes if m.is_custom] if planned else []
    chosen = next((m for m in custom if m.kind == "string"), custom[0] if custom else None)
    if chosen is not None:
        return chosen, True
    first, second = (context.values.text("Custom") for _ in range(2))
    return Mapped(path=_EXAMPLE, kind="string", value=first, changed=second), False


def _said(mapped: bool) -> Callable[..., Result]:
    return failed if mapped else noted


def _extension(context: CheckContext) -> Iterator[Result]:
    own, mapped = _attribute(context)
    path, value = own.path, own.value
    person = {**context.values.person("custom"), path: value}
    exchange = context.send(context.create_request("Users", person))
    made = context.adopt(exchange, person)
    unmapped = "" if mapped else " Only a mapping with custom attributes sends one."
    if made is None:
        yield _said(mapped)(
            "POST of a user with a custom extension, which schemas does not list, was answered "
            f"{answer_words(exchange)}.{unmapped}",
            exchange,
            cause="over-strict-validation",
        )
        raise Unavailable("no user with a custom extension could be created")
    context.objects["custom"] = made
    got = value_at(context.state(made), path)
    if difference(value, got) not in (None, "type") and not same_moment(value, got):
        yield _said(mapped)(
            f"{path} was sent as {shown(value)} and is {shown(got)}.{unmapped}", exchange
        )
        raise Unavailable("the app does not keep a custom extension")


def _extension_path(context: CheckContext) -> Iterator[Result]:
    own, mapped = _attribute(context)
    path, value = own.path, own.value if own.changed is None else own.changed
    operation = context.op("replace", path, value)
    effect = apply(context, context.user("custom"), [operation], expect=has(path, value))
    if not effect.worked:
        yield _said(mapped)(f"{effect.words}.", *effect.exchanges)


def _roles(context: CheckContext) -> Iterator[Result]:
    plain = {"value": "Reader", "display": "Reader", "type": "WindowsAzureActiveDirectoryRole"}
    person = {**context.values.person("roles"), "roles": [{**plain, "primary": False}]}
    exchange = context.send(context.create_request("Users", person))
    made = context.adopt(exchange, person)
    if exchange.status == 409:
        raise Unavailable("the app takes a new user for another one (see create/namesake)")
    if made is None:
        yield failed(f"POST of a user with a role was answered {answer_words(exchange)}.", exchange)
        return
    if not value_at(context.state(made), "roles"):
        raise Unavailable("the app does not keep roles")
    problem = next((p for p in resource_problems(context.state(made)) if p[:5] == "roles"), None)
    if problem is not None and "roles" not in context.malformed:
        context.malformed.add("roles")
        yield failed(
            f"A read by id is answered with something that Entra cannot read: {problem}.",
            context.read(made),
            cause="response-attribute-malformed",
        )
        return
    operation = context.op("add", "roles", [_added_role(context)])
    effect = apply(context, made, [operation], expect=lambda s: _count(s) > 1)
    if not effect.worked and not effect.accepted:
        yield failed(f"{effect.words}.", *effect.exchanges, cause=_cause_of_roles(context, made))
    elif not effect.worked:
        yield noted(f"{effect.words}.", *effect.exchanges)


def _added_role(context: CheckContext) -> dict[str, Any]:
    """An app role as the dialect's PATCH writes it: JSON text, or with the flag as in a POST."""
    role = {"id": context.values.guid(), "value": "Admin", "displayName": "Admin"}
    shape = roles_for_create if context.dialect is Dialect.COMPLIANT else roles_for_update
    found: dict[str, Any] = shape([role])[0]
    return found


def _cause_of_roles(context: CheckContext, user: TestObject) -> str | None:
    """Whether it is the JSON text that is refused, or what goes for other roles as well."""
    plain = [{"value": "Writer", "display": "Writer", "type": "WindowsAzureActiveDirectoryRole"}]
    for op, cause in (("add", None), ("replace", "patch-add-not-supported")):
        operation = context.op(op, "roles", plain)
        if apply(context, user, [operation], expect=lambda s: _count(s) > 0).accepted:
            return cause
    return "patch-value-shape-rejected"


def _count(state: dict[str, Any]) -> int:
    found = value_at(state, "roles")
    return len(found) if isinstance(found, list) else 0


_rule = family("custom", ATTRIBUTES, KNOWN_ISSUES, rfc="RFC 7643 §3.3", requirement="ENTRA")

CHECKS = (
    Check(
        rule=_rule(
            CUSTOM.partition("/")[2],
            "An attribute of a custom extension is kept",
            cause="attribute-not-stored-or-returned",
            what="Creates a user with an attribute of a custom extension (the mapping's own, if it has "
            "one) whose URN schemas does not list, and reads it. Without such a mapping a failure is "
            "information only.",
            why="Entra sends custom attributes under their URN and does not list the URN in schemas.",
            admin_sees="create events that fail, or custom attributes that stay empty in the app.",
            fix="Accept extension objects of known schemas whether schemas lists them or not.",
        ),
        run=_extension,
        requires=(READ,),
    ),
    Check(
        rule=_rule(
            "extension-path",
            "A custom extension's attribute is replaced by its path",
            cause="extension-urn-path-unsupported",
            what="Replaces the attribute by urn:…:User:attribute.",
            why="Entra addresses custom attributes so.",
            admin_sees="update events that fail, or custom attributes that never change.",
            fix="Split the path at the last colon after a known schema URN.",
        ),
        run=_extension_path,
        requires=(CUSTOM, REPLACE),
    ),
    Check(
        rule=_rule(
            "roles",
            "Roles from app-role expressions are accepted",
            severity="minor",
            cause="roles-json-string-shape",
            what="Creates a user with a role as Entra sends it, then adds a role whose value is JSON text "
            "and which has no type; with the compliance flag alone, one as in the create.",
            why="AppRoleAssignmentsComplex sends roles in these two shapes.",
            admin_sees="update events of users with app roles that fail.",
            fix="Take value as text without looking into it, and need no type; or map with "
            "SingleAppRoleAssignment.",
        ),
        run=_roles,
        requires=(REPLACE,),
    ),
)
