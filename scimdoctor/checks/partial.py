"""Creating users of whom the directory knows only parts: what is empty, Entra leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.checks.check import Check, Unavailable, failed
from scimdoctor.checks.references import RFC7644, TUTORIAL
from scimdoctor.checks.shapes import answer_words
from scimdoctor.checks.values import MOBILE_PHONE, WORK_COUNTRY, WORK_PHONE
from scimdoctor.model.rule import CheckRule, Requirement, Severity
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext


def _attribute(text: str) -> str:
    path = AttributePath.parse(text)
    return text if path is None else path.urn or path.attribute


def _partial(context: CheckContext) -> Iterator[Result]:
    partly = {
        "name.givenName": "Ada",
        WORK_COUNTRY: "US",
        WORK_PHONE: "+1 555 010 0199",
        MOBILE_PHONE: "+1 555 010 0198",
    }
    partly = {p: v for p, v in partly.items() if _attribute(p) not in context.spelling.omit}
    person = {**context.values.person("partial"), **partly}
    absent = {p for p in person if p not in partly and _attribute(p) in {"name", "addresses"}}
    person = {p: v for p, v in person.items() if p not in absent}
    exchange = context.send(context.create_request("Users", person))
    made = context.adopt(exchange, person)
    if exchange.status == 409:
        raise Unavailable("the app takes a new user for another one (see create/namesake)")
    if made is None:
        yield failed(
            "POST of a user with a givenName and a country, but without the rest of name and address, "
            f"was answered {answer_words(exchange)}.",
            exchange,
            cause="unhandled-exception-500" if exchange.crashed else None,
        )
        return
    subject = context.user("subject")
    if (
        MOBILE_PHONE in person
        and value_at(context.state(subject), WORK_PHONE) is not None
        and value_at(context.state(made), WORK_PHONE) is not None
        and value_at(context.state(made), MOBILE_PHONE) is None
    ):
        yield failed(
            "Of a work and a mobile number in one create the app keeps the work number only.",
            exchange,
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
            "with two telephone numbers.",
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
