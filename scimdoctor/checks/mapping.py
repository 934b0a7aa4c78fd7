"""The tenant's own mapping of users: each attribute by its type, and the matching attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted, passed
from scimdoctor.checks.effects import apply
from scimdoctor.checks.ids import (
    CUSTOM,
    CUSTOM_PATH,
    EXTENSION,
    MAPPED,
    MATCH,
    READ,
    REPLACE,
    SEVERAL,
    VALUE_PATH,
)
from scimdoctor.checks.mapped_matching import ask_in_order
from scimdoctor.checks.mapped_writes import (
    USERS,
    create,
    differences,
    is_reported,
    judged,
    lost_words,
    patch,
    told_apart,
)
from scimdoctor.checks.objects import holds
from scimdoctor.checks.references import ATTRIBUTES, HOW_IT_WORKS, RFC7644
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, shown
from scimdoctor.scim import urns
from scimdoctor.scim.paths import AttributePath, value_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.mapped_values import Mapped, Plan
    from scimdoctor.checks.objects import TestObject
    from scimdoctor.model.exchange import Exchange

_ALWAYS = ("userName", "active")
_BY_URN = (EXTENSION, "patch/extension-second", CUSTOM, CUSTOM_PATH)
"""Checks of paths with a URN."""

_MADE = "mapped"
_WITH_SYMBOLS = "mapped-symbols"


def _usable(context: CheckContext, plan: Plan) -> list[Mapped]:
    """What is not left out because the app was seen to drop or refuse it."""
    no_custom = context.fails(CUSTOM)
    unwanted = context.spelling.omit
    return [
        m
        for m in plan.attributes
        if not (m.is_custom and no_custom)
        and unwanted.isdisjoint({m.parsed.attribute, m.parsed.urn})
    ]


def _planned(context: CheckContext) -> list[Mapped]:
    """What the test user was made from.

    Raises:
        Unavailable: there is none.
    """
    USERS.planned(context, _MADE)
    if _MADE not in context.objects:
        raise Unavailable(f"no user was created from the mapping (see {MAPPED})")
    return context.mapped["Users"]


def _attributes(context: CheckContext) -> Iterator[Result]:
    plan = USERS.planned(context, _MADE)
    latest: list[Mapped] = []

    def fresh() -> dict[str, Any]:
        latest[:] = _usable(context, USERS.planned(context, _MADE))
        return {"active": True} | {m.path: m.value for m in latest}

    made, refused, exchange = create(context, USERS, fresh, _ALWAYS)
    yield from refusals(context, refused, latest)
    if made is None and exchange.status == 409:
        raise Unavailable("the app takes a new user for another one (see create/namesake)")
    if made is None:
        if not refused:
            yield failed(
                "POST of a user with every attribute of the mapping was answered "
                f"{answer_words(exchange)}.",
                exchange,
                cause="mapping-targets-unsupported-attribute",
            )
        return
    context.works_anyway.add(MAPPED)
    context.objects[_MADE] = made
    state = context.state(made)
    found = differences(context, made.sent, state, latest)
    context.mapped["Users"] = [
        m
        for m in latest
        if m.path in made.sent and m.path not in found and not is_reported(context, m.path)
    ]
    yield from judged(found, latest, made.sent, (state, exchange))
    if plan.left_out:
        yield passed(f"Not tried: {'; '.join(plan.left_out)}.", exchange)


_IN_PARTS = ("name.", "addresses[")
"""Paths of what `create/partial` sends a part of."""


def refusals(
    context: CheckContext, refused: Sequence[tuple[str, Exchange]], mapped: Sequence[Mapped]
) -> Iterator[Result]:
    """Say which attributes a create was refused for; of an app's roles only the app knows."""
    sent = {m.path: m.value for m in mapped}
    for path, exchange in refused:
        words = (
            f"POST of a user is refused because of {path} (sent as {shown(sent.get(path))}): it "
            f"was answered {answer_words(exchange)}, and without it the user is created."
        )
        if exchange.crashed:
            yield failed(words, exchange, cause="unhandled-exception-500")
        elif path.startswith("roles["):
            yield noted(f"{words} The app may know other roles.", exchange)
        elif path.startswith(_IN_PARTS) and context.fails("create/partial"):
            yield failed(words, exchange, cause="over-strict-validation")
        else:
            yield failed(words, exchange, cause="mapping-targets-unsupported-attribute")


def _symbols(context: CheckContext) -> Iterator[Result]:
    chosen = {m.path for m in _planned(context)} | set(_ALWAYS)
    latest: list[Mapped] = []

    def fresh(names: Sequence[str] | None = None) -> dict[str, Any]:
        plan = USERS.planned(context, _WITH_SYMBOLS)
        # Custom attributes are left for mapping/add, which wants a user without any.
        latest[:] = [m for m in plan.attributes if m.path in chosen and not m.is_custom]
        return {"active": True} | {m.path: _with_symbols(m, names) for m in latest}

    sent = fresh()
    if not any(m.symbols for m in latest):
        raise Unavailable("the mapping sends no text in which symbols are to be expected")
    made = _symbol_user(context, sent)
    if made is None:
        yield from _refused_symbols(context, fresh, latest)
        return
    context.objects[_WITH_SYMBOLS] = made
    context.mapped[_WITH_SYMBOLS] = list(latest)
    read = context.read(made)
    state = context.state(made)
    harmful, _ = told_apart(differences(context, sent, state, latest), latest)
    symbols = {path: kind for path, kind in harmful.items() if _has_symbols(latest, path)}
    if symbols:
        yield failed(
            "Values with quotes, symbols and accents are not kept as sent: "
            f"{lost_words(symbols, sent, state)}.",
            made.created,
            read,
            cause="attribute-not-stored-or-returned",
        )


def _with_symbols(mapped: Mapped, names: Sequence[str] | None) -> Any:  # noqa: ANN401 - JSON value
    wanted = mapped.symbols is not None and (names is None or mapped.path in names)
    return mapped.symbols if wanted else mapped.value


def _has_symbols(mapped: Sequence[Mapped], path: str) -> bool:
    return any(m.path == path and m.symbols for m in mapped)


def _symbol_user(context: CheckContext, sent: dict[str, Any]) -> TestObject | None:
    exchange = context.send(context.create_request("Users", sent))
    return context.adopt(exchange, sent)


def _refused_symbols(context: CheckContext, fresh: Any, latest: list[Mapped]) -> Iterator[Result]:  # noqa: ANN401
    """Find the attribute whose symbols the app does not take, one after the other."""
    for path in [m.path for m in latest if m.symbols]:
        sent = fresh([path])
        exchange = context.send(context.create_request("Users", sent))
        if context.adopt(exchange, sent) is not None:
            continue
        words = f"POST of a user with {shown(sent[path])} as {path} was answered"
        own = next(m for m in latest if m.path == path)
        if exchange.crashed:
            yield failed(
                f"{words} {answer_words(exchange)}.", exchange, cause="unhandled-exception-500"
            )
        elif own.is_custom or own.is_identifier:
            yield noted(f"{words} {answer_words(exchange)}; the app may have a rule.", exchange)
        else:
            yield failed(f"{words} {answer_words(exchange)}.", exchange)
        return


def _update(context: CheckContext) -> Iterator[Result]:
    changes = [
        (m, m.changed)
        for m in _planned(context)
        if m.changed is not None and m.path not in _ALWAYS and _addressable(context, m)
    ]
    if not changes:
        raise Unavailable("the mapping updates nothing that the app keeps")
    yield from patch(context, context.objects[_MADE], "replace", changes)


def _addressable(context: CheckContext, mapped: Mapped) -> bool:
    """Whether this path and those of its form are not reported as failing already."""
    if mapped.path in context.unset_paths:
        return False
    if mapped.parsed.urn is not None:
        return not _fails_by_urn(context, mapped.parsed.urn)
    filtered = mapped.parsed.filter is not None
    return not (filtered and context.fails(VALUE_PATH, "patch/value-path-siblings"))


def _fails_by_urn(context: CheckContext, urn: str) -> bool:
    """Whether attributes of this extension are reported as not set by their path."""
    if urn.casefold() == urns.ENTERPRISE_USER.casefold():
        return context.fails(EXTENSION)
    return context.fails(CUSTOM, CUSTOM_PATH)


def _add(context: CheckContext) -> Iterator[Result]:
    mapped = _planned(context)
    user = context.objects.get(_WITH_SYMBOLS)
    if user is None:
        raise Unavailable("no second user was created from the mapping (see mapping/symbols)")
    filled = [(m, m.value) for m in mapped if m.is_custom and _addressable(context, m)]
    if not filled:
        raise Unavailable("the mapping has no attribute of a custom extension")
    yield from patch(context, user, "add", filled)


def _long(context: CheckContext) -> Iterator[Result]:
    changes = [(m, m.long) for m in _planned(context) if m.long and _addressable(context, m)]
    if not changes:
        raise Unavailable("the mapping sends no text that may be long")
    user = context.objects[_MADE]
    blank = changes[-1][0].path if len(changes) > 1 else ""
    values = {m.path: f" {m.value}" if m.path == blank else text for m, text in changes}
    operations = [context.op("replace", path, value) for path, value in values.items()]
    effect = apply(
        context,
        user,
        operations,
        expect=lambda state: any(value_at(state, p) == v for p, v in values.items()),
        doubtful=True,
    )
    if not effect.accepted:
        cause = "unhandled-exception-500" if effect.exchange.crashed else ""
        say = failed if effect.exchange.crashed else noted
        yield say(
            "Texts as long as Entra lets them be, and one with a leading blank, are refused: "
            f"{effect.words}.",
            *effect.exchanges,
            cause=cause or "value-not-allowed-by-app",
        )
        return
    yield from _cut(effect.after, values, effect.exchanges, blank)


def _cut(
    state: dict[str, Any], values: dict[str, Any], exchanges: tuple[Exchange, ...], blank: str
) -> Iterator[Result]:
    cut = []
    for path, text in values.items():
        got = value_at(state, path)
        if path != blank and isinstance(got, str) and got != text and text.startswith(got):
            cut.append(f"{path} of {len(text)} characters is cut at {len(got)}")
    if cut:
        yield failed(f"Long texts are cut off with success: {'; '.join(cut)}.", *exchanges)
    if blank and value_at(state, blank) == str(values[blank]).strip():
        yield noted(f"The leading blank of {blank} is not kept; Entra sends it again.", *exchanges)


def _references(context: CheckContext) -> Iterator[Result]:
    paths = USERS.planned(context, _MADE).references
    if not paths:
        raise Unavailable("the mapping has no references save manager and members")
    paths = tuple(p for p in paths if not _is_blocked(context, p))
    if not paths:
        raise Unavailable(f"attributes of extensions are not set by their path (see {EXTENSION})")
    _planned(context)
    user, other = context.objects[_MADE], context.user("subject")
    for path in paths:
        sent = context.op("add", path, other.id)
        effect = apply(context, user, [sent], expect=lambda s, p=path: _refers(s, p, other.id))  # type: ignore[misc]
        if effect.worked:
            continue
        wrapped = context.op("add", path, {"value": other.id})
        again = apply(context, user, [wrapped], expect=lambda s, p=path: _refers(s, p, other.id))  # type: ignore[misc]
        if again.worked:
            yield failed(
                f"{effect.words}. It works with an object that has the id as its value.",
                *again.exchanges,
                *effect.exchanges,
                cause="patch-value-shape-rejected",
            )
        elif effect.accepted:
            yield failed(
                f"{effect.words}.", *effect.exchanges, cause="attribute-not-stored-or-returned"
            )
        else:
            crashed = effect.exchange.crashed
            cause = "unhandled-exception-500" if crashed else None
            yield failed(f"{effect.words}.", *effect.exchanges, cause=cause)


def _is_blocked(context: CheckContext, text: str) -> bool:
    path = AttributePath.parse(text)
    return path is not None and path.urn is not None and _fails_by_urn(context, path.urn)


def _refers(state: dict[str, Any], path: str, wanted: str) -> bool:
    found = value_at(state, path)
    elements = found if isinstance(found, list) else [found]
    return wanted in [e.get("value") if isinstance(e, dict) else e for e in elements]


def _matching(context: CheckContext) -> Iterator[Result]:
    _planned(context)
    if context.doubtful_filter:
        raise Unavailable("the query misses users that exist (see query/symbols)")
    yield from ask_in_order(context, context.objects[_MADE])


def _matching_symbols(context: CheckContext) -> Iterator[Result]:
    user = context.objects.get(_WITH_SYMBOLS)
    mapped = sorted(context.mapped.get(_WITH_SYMBOLS, ()), key=lambda m: m.matching_priority)
    asked = [m for m in mapped if m.matching_priority and m.symbols]
    if user is None or not asked:
        raise Unavailable("the mapping matches on nothing in which symbols are to be expected")
    for own in asked:
        value = value_at(context.state(user), own.path)
        exchange = context.find_own(user, own.path, str(value or own.symbols))
        if not holds(exchange, user):
            yield failed(
                f"The query by {own.path} for {shown(value)} was answered "
                f"{answer_words(exchange)} without the user.",
                exchange,
            )


_rule = family("mapping", ATTRIBUTES, HOW_IT_WORKS, RFC7644, requirement="ENTRA", of_mapping=True)

CHECKS = (
    Check(
        rule=_rule(
            MAPPED.partition("/")[2],
            "Every attribute of the tenant's mapping is kept",
            severity="major",
            cause="attribute-not-stored-or-returned",
            what="Creates a user with a value of the right type for each attribute that the mapping "
            "sends, and reads it back; on a refusal it finds the attribute that is refused.",
            why="What the app does not keep is sent again in every cycle, and missing in the app.",
            admin_sees="success, while the attribute stays empty in the app.",
            fix="Store the attribute, or take it out of the mapping.",
        ),
        run=_attributes,
        requires=(READ,),
        heeds=("read/stored", "read/shape", "create/partial", CUSTOM, "custom/roles"),
    ),
    Check(
        rule=_rule(
            "symbols",
            "Texts of the mapping keep quotes, symbols and accents",
            severity="minor",
            cause="value-not-allowed-by-app",
            what="Creates a second user whose mapped texts have quotes, &, #, + and accents, where "
            "people's values have them: names, titles, departments, addresses, the apostrophe and + "
            "of an e-mail address.",
            why="What comes back changed is sent again in every cycle; what is refused leaves out "
            "real people.",
            admin_sees="create events of some people that fail, or values that look wrong in the app.",
            fix="Take text as it is, in UTF-8; escape on output only.",
        ),
        run=_symbols,
        requires=(MAPPED, "read/faithful"),
    ),
    Check(
        rule=_rule(
            "matching",
            "The tenant's matching attributes can be asked for",
            severity="blocker",
            cause="filter-attribute-unsupported",
            what="Asks for the user by each matching attribute, in the order of precedence, and for a "
            "value that nobody has.",
            why="Entra asks so before it creates anybody; a refusal stops every user.",
            admin_sees="matching that fails with the app's status, or duplicates.",
            fix="Support equality on these attributes, or choose others for matching.",
        ),
        run=_matching,
        requires=(MATCH, MAPPED),
    ),
    Check(
        rule=_rule(
            "matching-symbols",
            "Matching attributes are found with symbols and accents",
            severity="major",
            cause="filter-value-parse-failure",
            what="Asks by each matching attribute for a value with an apostrophe, +, quotes or accents, "
            "where such values are to be expected.",
            why="Whoever has such a value is not found, and is created again or fails.",
            admin_sees="create events of some people that fail with 409, or duplicates.",
            fix="Decode the query once, as a form, and read the value as a JSON string.",
        ),
        run=_matching_symbols,
        requires=(
            "mapping/symbols",
            "mapping/matching",
            "query/value-case",
            "query/symbols",
            "query/quotes",
        ),
    ),
    Check(
        rule=_rule(
            "update",
            "Every attribute of the tenant's mapping is updated",
            severity="major",
            cause="patch-accepted-not-applied",
            what="Replaces every attribute that the mapping updates, all in one PATCH, numbers and "
            "booleans as the dialect writes them; on a refusal it finds the operation that is refused.",
            why="Entra sends all that changed in one request, so one refused attribute holds back all.",
            admin_sees="update events that fail, or success while the app keeps the old value.",
            fix="Accept a replace of each mapped attribute, or let it flow on creation only.",
        ),
        run=_update,
        requires=(REPLACE, SEVERAL, MAPPED),
        heeds=(*_BY_URN, VALUE_PATH, "patch/value-path-siblings", "patch/pathless"),
    ),
    Check(
        rule=_rule(
            "add",
            "Custom attributes are added to a user who has none",
            severity="major",
            cause="patch-accepted-not-applied",
            what="Adds every custom attribute of the mapping, all in one PATCH, to a user without any.",
            why="Entra sends Add for what the app does not hold yet, after a new mapping for everybody.",
            admin_sees="update events that fail, or success while the attribute stays empty.",
            fix="Create the extension object when its first attribute is added.",
        ),
        run=_add,
        requires=(REPLACE, SEVERAL, "patch/add", "mapping/symbols"),
        heeds=_BY_URN,
    ),
    Check(
        rule=_rule(
            "long",
            "Long texts of the mapping are not cut off",
            severity="minor",
            cause="attribute-not-stored-or-returned",
            what="Replaces mapped texts by ones as long as Entra lets them be, and one by a text with a "
            "leading blank. A refusal, or a blank that goes, is information only.",
            why="What is cut off is sent again in every cycle, and wrong in the app.",
            admin_sees="success events that update the same attributes again.",
            fix="Make room for the value, or refuse it with 400 so that the log tells.",
        ),
        run=_long,
        requires=(REPLACE, SEVERAL, "mapping/update"),
        heeds=_BY_URN,
    ),
    Check(
        rule=_rule(
            "references",
            "References of the mapping are set by id",
            severity="major",
            cause="mapping-targets-unsupported-attribute",
            what="Adds each mapped reference other than manager and members by the bare id of another "
            "user.",
            why="Entra sends references as it sends the manager.",
            admin_sees="update events that fail, or success while the reference stays empty.",
            fix="Take the id as text, or take the attribute out of the mapping.",
        ),
        run=_references,
        requires=(REPLACE, MAPPED, "patch/add"),
        heeds=_BY_URN,
    ),
)
