"""Creating users: Entra's documented body first, then what is wrong when it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.ids import ACCEPTED, CREATE, READ
from scimdoctor.checks.no_writes import refusal
from scimdoctor.checks.objects import created_id
from scimdoctor.checks.prose import missing_prerequisite, names_domain
from scimdoctor.checks.references import TUTORIAL
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, is_redirect, shown
from scimdoctor.checks.values import WORK_PHONE
from scimdoctor.entra import requests
from scimdoctor.model.rule import Severity
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.model.exchange import Exchange

_MEDIA_TYPES = ("application/scim+json", "application/json")
_ENVELOPE = ("roles", "meta", f"schemas:{urns.ENTERPRISE_USER}")
"""What Entra adds to every user, beside its attributes."""


def _documented(context: CheckContext) -> Iterator[Result]:
    yield from _create(context)
    if "subject" in context.objects:
        context.works_anyway.add(CREATE)


def _create(context: CheckContext) -> Iterator[Result]:
    person = context.values.person("subject")
    exchange = context.send(context.create_request("Users", person))
    if not exchange.ok:
        yield from _find_reason(context, exchange)
        return
    made = context.adopt(exchange, person)
    if made is not None:
        context.objects["subject"] = made
    if created_id(exchange) is not None:
        return
    words = f"POST /Users was answered {answer_words(exchange)} without an id"
    yield failed(f"{words}: {shown(exchange.json)}.", exchange, cause="write-response-wrong")


def _find_reason(context: CheckContext, refused: Exchange) -> Iterator[Result]:
    """Vary the create until it works; what had to be varied is the reason."""
    words = f"POST /Users with Entra's documented body was answered {answer_words(refused)}"
    other_type = _other_media_type(context)
    if other_type is not None:
        yield failed(
            f"{words}. With Content-Type {other_type!r} it works.",
            refused,
            cause="request-content-type-refused",
        )
        return
    culprits = _culprits(context)
    if culprits:
        context.spelling.omit |= set(culprits)
        names = ", ".join(name.removeprefix("schemas:") for name in culprits)
        cause = _cause_of_culprits(context, refused, culprits)
        yield failed(f"{words}. Without {names} it works.", refused, cause=cause)
        if len(culprits) > 1 or "subject" not in context.objects:
            _works_without(context, set(culprits))  # the one kept has the least only
        return
    crashed = refused.crashed
    beside = _culprits_beside_types(context)
    if beside is not None:
        context.spelling.omit |= set(beside)
        others = "".join(f", and without {name}" for name in beside)
        yield failed(
            f"{words}. Without type and primary in emails, phoneNumbers and addresses{others} it works.",
            refused,
            cause="unhandled-exception-500" if crashed else "over-strict-validation",
        )
        if len(beside) > 1:
            _works_without(context, set(beside))
        return
    cause = "unhandled-exception-500" if crashed else _cause_of_refusal(refused)
    yield refusal(context, words, refused, cause)


def _cause_of_culprits(context: CheckContext, refused: Exchange, culprits: list[str]) -> str | None:
    """Why a create is refused that works without `culprits`."""
    if refused.crashed:
        return "unhandled-exception-500"
    if set(culprits) & set(_ENVELOPE):
        return "over-strict-validation"
    about_email = culprits == ["emails"] and _is_about_value(refused)
    if about_email or (len(culprits) == 1 and _plain_value_works(context, culprits[0])):
        return "value-not-allowed-by-app"
    return None


_PLAIN = {
    "phoneNumbers": (WORK_PHONE, "+15550100123"),
    "preferredLanguage": ("preferredLanguage", "en"),
    "externalId": ("externalId", "4711001"),
}
"""By name of an attribute: a value in the plainest format that there is for it."""


def _is_about_value(refused: Exchange) -> bool:
    """Whether it is the value that is refused, for an attribute that every app knows."""
    return refused.status in {403, 412} or _says_value(refused)


def _says_value(refused: Exchange) -> bool:
    """Whether the answer itself speaks of a value."""
    body = refused.json
    scim_type = body.get("scimType") if isinstance(body, dict) else None
    return scim_type == "invalidValue" or names_domain(refused)


def _plain_value_works(context: CheckContext, name: str) -> bool:
    """Whether a plainer value is taken, so that it is the format that is refused."""
    if name not in _PLAIN:
        return False
    path, value = _PLAIN[name]
    person = {**context.values.person("plain"), path: value}
    omitted = set(context.spelling.omit)
    context.spelling.omit.discard(name)
    exchange = context.send(context.create_request("Users", person))
    context.spelling.omit = omitted
    return exchange.ok


def _cause_of_refusal(exchange: Exchange) -> str:
    if exchange.status == 415:
        return "request-content-type-refused"
    if exchange.status in {404, 405, 501} or is_redirect(exchange):
        return "write-response-wrong"
    if exchange.status == 402 or missing_prerequisite(exchange):
        return "app-prerequisite-missing"
    if exchange.status in {401, 403} and not _says_value(exchange):
        return "app-policy-refuses-change"  # whatever the body holds
    if _is_about_value(exchange):
        return "value-not-allowed-by-app"
    return "over-strict-validation"


def _other_media_type(context: CheckContext) -> str | None:
    """A media type with which the create works; the context goes on using it."""
    for media_type in _MEDIA_TYPES:
        context.spelling.media_type = media_type
        person = context.values.person("subject")
        exchange = context.send(context.create_request("Users", person))
        made = context.adopt(exchange, person)
        if made is not None:
            context.objects["subject"] = made
            return media_type
        if exchange.ok:
            return media_type
    context.spelling.media_type = None
    return None


def _culprits(context: CheckContext) -> list[str]:
    """The members of the documented body that each make a create fail, if the rest works."""
    body = context.create_request("Users", context.values.person("subject")).json
    members = [*_ENVELOPE, *(k for k in body if k not in {"schemas", "userName", *_ENVELOPE})]
    for name in members:
        if _works_without(context, {name}):
            return [name]
    everything = set(members)
    if not _works_without(context, everything):
        return []
    return [name for name in members if not _works_without(context, everything - {name})]


def _works_without(context: CheckContext, names: set[str]) -> bool:
    """Create the subject without `names`; keeps it if that works."""
    person = context.values.person("subject")
    before = set(context.spelling.omit)
    context.spelling.omit |= names
    exchange = context.send(context.create_request("Users", person))
    context.spelling.omit = before
    made = context.adopt(exchange, _without(person, names))
    if made is not None:
        context.objects["subject"] = made
    return exchange.ok


def _culprits_beside_types(context: CheckContext) -> list[str] | None:
    """What makes the create fail beside type and primary in the elements of lists.

    Nothing (`[]`) if it works without these two; `None` if leaving them out does not help.
    """
    context.spelling.bare_elements = True
    if _works_without(context, set()):
        return []
    culprits = _culprits(context)
    context.spelling.bare_elements = bool(culprits)
    return culprits or None


def _without(person: dict[str, Any], names: set[str]) -> dict[str, Any]:
    kept = {}
    for text, value in person.items():
        path = AttributePath.parse(text)
        if path is not None and (path.urn or path.attribute) not in names:
            kept[text] = value
    return kept


def _answer(context: CheckContext) -> Iterator[Result]:
    exchange = context.user("subject").created
    if exchange.status not in {200, 201}:
        yield failed(f"POST /Users was answered {exchange.status} instead of 201.", exchange)
    elif (
        exchange.response
        and exchange.response.header("location") is None
        and exchange.status == 201
    ):
        yield noted("POST /Users was answered 201 without a Location header.", exchange)


def _minimal(context: CheckContext) -> Iterator[Result]:
    person = context.values.bare_person("bare")
    exchange = context.send(context.create_request("Users", person))
    made = context.adopt(exchange, person)
    if made is not None:
        context.objects["bare"] = made
        yield from _second_minimal(context)
        return
    words = f"POST /Users with userName and active only was answered {answer_words(exchange)}"
    if exchange.ok:
        words += ", and no user is there"
    elif _absent_extension(context):
        yield failed(
            f"{words}. Entra lists the enterprise URN in schemas also when no attribute of it is "
            "set; without the URN it works.",
            exchange,
            cause="over-strict-validation",
        )
        return
    needed = _needed(context)
    cause = _cause_of_need(exchange)
    declared = bool(needed) and all(_is_declared(context, path) for path in needed)
    names = ", ".join(needed)
    said = f"{words}. It needs {names}." if needed else f"{words}."
    if declared and cause == _NEED:
        yield noted(f"{said} /Schemas says so.", exchange, cause=cause)
    else:
        yield failed(said, exchange, cause=cause)


_NEED = "required-attribute-empty-in-source"


def _cause_of_need(answer: Exchange) -> str:
    """Why a create fails that lacks an attribute; `answer` may be a success without a user."""
    if answer.crashed:
        return "unhandled-exception-500"
    return "write-response-wrong" if answer.ok else _NEED


def _second_minimal(context: CheckContext) -> Iterator[Result]:
    """What two users lack is nothing that they have in common."""
    person = context.values.bare_person("bare2")
    exchange = context.send(context.create_request("Users", person))
    made = context.adopt(exchange, person)
    if made is not None:
        context.objects["bare2"] = made
    if exchange.ok:
        return
    needed = ", ".join(_needed(context))
    yield failed(
        "POST of a second user with userName and active only was answered "
        f"{answer_words(exchange)}, while the first was created: "
        + (
            f"only one user may be without {needed}." if needed else "only one such user may exist."
        ),
        context.user("bare").created,
        exchange,
        cause="unhandled-exception-500" if exchange.crashed else "duplicate-create-not-409",
        severity=Severity.MAJOR,
    )


def _absent_extension(context: CheckContext) -> bool:
    """Whether it is the listed, but absent extension that is refused."""
    person = context.values.bare_person("bare")
    body = dict(context.create_request("Users", person).json)
    body["schemas"] = [s for s in body["schemas"] if s != urns.ENTERPRISE_USER]
    exchange = context.send(requests.with_body("POST", "/Users", body))
    made = context.adopt(exchange, person)
    if made is not None:
        context.objects["bare"] = made
        context.spelling.require |= {p for p in context.values.person("x") if p.startswith("urn:")}
    return made is not None


def _is_declared(context: CheckContext, path: str) -> bool:
    parsed = AttributePath.parse(path)
    if parsed is None:
        return False
    return bool({path.casefold(), parsed.attribute.casefold()} & context.required_by_schema)


def _needed(context: CheckContext) -> list[str]:
    """The attributes without which a create fails, found by leaving out one at a time."""
    full = context.values.person("needs")
    heads = dict.fromkeys(_head(path) for path in full if path not in {"userName", "active"})
    with_id = created_id(context.user("subject").created) is not None
    needed: list[str] = []
    for head in heads:
        person = context.values.person("needs")
        kept = {p: v for p, v in person.items() if _head(p) != head}
        exchange = context.send(context.create_request("Users", kept))
        if not exchange.ok or (with_id and created_id(exchange) is None):
            needed += [p for p in full if _head(p) == head]
    context.spelling.require |= set(needed)
    return needed


def _head(text: str) -> str:
    path = AttributePath.parse(text)
    return text if path is None else path.urn or path.attribute


def _inactive(context: CheckContext) -> Iterator[Result]:
    person = {**context.values.person("inactive"), "active": False}
    exchange = context.send(context.create_request("Users", person))
    if not exchange.ok:
        yield failed(
            f"POST of a user with active false was answered {answer_words(exchange)}.",
            exchange,
            cause="over-strict-validation",
        )
        return
    made = context.adopt(exchange, person)
    if made is None:
        raise Unavailable("the answer to the create has no id")
    context.objects["inactive"] = made
    read = context.read(made)
    body = exchange.json if isinstance(exchange.json, dict) else {}
    if not read.ok:
        yield failed(
            f"A user created with active false is answered {answer_words(read)} when read.",
            exchange,
            read,
            cause="disabled-user-not-returned",
        )
    elif made.state and made.state.get("active") is True:
        yield failed("A user created with active false is read back active.", exchange, read)
    elif body.get("active") is True:
        yield failed(
            "The answer to a create with active false says that the user is active.",
            exchange,
            cause="write-response-wrong",
        )


_rule = family("create", TUTORIAL, rfc="RFC 7644 §3.3")


CHECKS = (
    Check(
        rule=_rule(
            CREATE.partition("/")[2],
            "A user is created from the body that Entra sends",
            severity="blocker",
            cause="mapping-targets-unsupported-attribute",
            what="Sends POST /Users with every attribute of the default mapping, roles [], meta, and "
            "the media type with a charset; when refused, leaves out one part at a time.",
            why="Entra sends this body for each new user; a refusal of any part refuses the user.",
            admin_sees="create events that fail with the app's status; the users go into escrow.",
            fix="Accept the body: ignore what has no place in the app instead of refusing it. "
            "Until then, take the named attribute out of the mapping.",
        ),
        run=_documented,
        requires=(ACCEPTED,),
    ),
    Check(
        rule=_rule(
            "answer",
            "A create is answered 201 with the resource and its id",
            cause="write-response-wrong",
            what="Looks at status and headers of the create's answer.",
            why="Entra keeps the id from this answer and addresses the user by it from then on.",
            admin_sees="an error while deserializing, or the same user created in every cycle.",
            fix="Answer 201 (200 works) with the whole resource, id as a string, and a Location header.",
        ),
        run=_answer,
        requires=(CREATE,),
    ),
)

CHECKS_AFTER_READ = (
    Check(
        rule=_rule(
            "minimal",
            "A user is created from a userName alone",
            severity="minor",
            cause=_NEED,
            what="Sends POST /Users with nothing but userName and active; when refused, finds out "
            "which attributes are missing.",
            why="Entra leaves out what is empty in the directory: guests and service accounts often "
            "have no surname, no mail address and no department.",
            admin_sees="create events that fail for exactly those users.",
            fix="Require userName only; otherwise say so in /Schemas and document which attributes "
            "must be filled.",
        ),
        run=_minimal,
        requires=(READ,),
    ),
)

LAST_CHECKS = (
    Check(
        rule=_rule(
            "inactive",
            "A user may be created inactive, and is returned so",
            severity="minor",
            cause="attribute-not-stored-or-returned",
            what="Creates a user with active false and reads it.",
            why="Accounts that are disabled in Entra may come into scope; they must not gain access.",
            admin_sees="nothing: a person without access in Entra has it in the app.",
            fix="Take active from the body of a create.",
        ),
        run=_inactive,
        requires=(READ,),
    ),
)
