"""Creating users of whom the directory knows only parts: what is empty, Entra leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed
from scimdoctor.checks.references import RFC7644, TUTORIAL
from scimdoctor.checks.shapes import answer_words
from scimdoctor.checks.values import FAX_PHONE, MOBILE_PHONE, WORK_COUNTRY, WORK_PHONE
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.objects import TestObject


def _attribute(text: str) -> str:
    path = AttributePath.parse(text)
    return text if path is None else path.urn or path.attribute


def _partial(context: CheckContext) -> Iterator[Result]:
    partly = {
        "name.givenName": "Ada",
        WORK_COUNTRY: "US",
        WORK_PHONE: "+1 555 010 0199",
        MOBILE_PHONE: "+1 555 010 0198",
        FAX_PHONE: "+1 555 010 0197",
    }
    partly = {p: v for p, v in partly.items() if _attribute(p) not in context.spelling.omit}
    person = {**context.values.person("partial"), **partly}
    absent = {p for p in person if p not in partly and _attribute(p) in {"name", "addresses"}}
    person = {p: v for p, v in person.items() if p not in absent}
    exchange = context.send(context.create_request("Users", person))
    made = context.adopt(exchange, person)
    if exchange.status == 409:
        raise Unavailable("the app takes a new user for another one (see create/namesake)")
    if made is None and _works_without_fax(context, person):
        yield failed(
            f"POST of a user with a fax number was answered {answer_words(exchange)}; without it the "
            "create works.",
            exchange,
            cause="mapping-targets-unsupported-attribute",
        )
        return
    if made is None:
        yield failed(
            "POST of a user with a givenName and a country, but without the rest of name and address, "
            f"was answered {answer_words(exchange)}.",
            exchange,
            cause="unhandled-exception-500" if exchange.crashed else None,
        )
        return
    yield from _lost_numbers(context, made)


def _works_without_fax(context: CheckContext, person: dict[str, Any]) -> bool:
    """Whether a create is refused for the fax number alone, which Entra's default mapping sends."""
    if FAX_PHONE not in person:
        return False
    fresh = {**person, **context.values.person("partial")}
    fresh = {p: v for p, v in fresh.items() if p in person and p != FAX_PHONE}
    return context.send(context.create_request("Users", fresh)).ok


def _lost_numbers(context: CheckContext, made: TestObject) -> Iterator[Result]:
    """See whether the app keeps one number where it is sent three."""
    subject = context.user("subject")
    told = [value_at(context.state(thing), WORK_PHONE) for thing in (subject, made)]
    if None in told:
        return
    gone = [p for p in (MOBILE_PHONE, FAX_PHONE) if p in made.sent]
    gone = [p for p in gone if value_at(context.state(made), p) is None]
    if gone:
        yield failed(
            "Of a work, a mobile and a fax number in one create the app keeps no "
            f"{' and no '.join('mobile' if p == MOBILE_PHONE else 'fax' for p in gone)} number.",
            made.created,
            context.read(made),
            cause="attribute-not-stored-or-returned",
        )


CHECKS = (
    Check(
        rule=CheckRule(
            id="create/partial",
            title="A user is created from some parts of name and address",
            severity=Severity.MINOR,
            requirement=Requirement.MUST,
            cause="over-strict-validation",
            what="Creates a user with a givenName, but no familyName; with a country, but no street; "
            "with three telephone numbers.",
            why="Entra sends of each attribute what the directory has, and leaves the rest out.",
            admin_sees="create events that fail for exactly those users, or numbers missing in the app.",
            fix="Require no sub-attribute; keep one element for each type.",
            rfc="RFC 7644 §3.3",
            references=(TUTORIAL, f"{RFC7644}#section-3.3"),
        ),
        run=_partial,
        requires=("create/minimal",),
    ),
)
