"""The tenant's own mapping of groups: its attributes, and its matching attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import Check, Unavailable, failed, noted
from scimdoctor.checks.effects import Effect, apply, collateral
from scimdoctor.checks.ids import (
    CUSTOM,
    GROUP_CREATE,
    GROUP_MATCH,
    GROUP_PATCH,
    MAPPED_GROUP,
    SEVERAL,
)
from scimdoctor.checks.mapped_matching import ask_in_order
from scimdoctor.checks.mapped_writes import (
    GROUPS,
    create,
    differences,
    judged,
    patch,
    shows_all,
    spelled,
)
from scimdoctor.checks.references import ATTRIBUTES, HOW_IT_WORKS, RFC7644
from scimdoctor.checks.rules import family
from scimdoctor.checks.shapes import answer_words, shown
from scimdoctor.model.rule import Severity
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.mapped_values import Mapped
    from scimdoctor.checks.objects import TestObject

_MADE = "mapped-group"


def _attributes(context: CheckContext) -> Iterator[Result]:
    latest: list[Mapped] = []

    def fresh() -> dict[str, Any]:
        unwanted = context.spelling.omitted("Groups")
        planned = GROUPS.planned(context, _MADE).attributes
        no_custom = context.fails(CUSTOM)
        latest[:] = [
            m
            for m in planned
            if m.parsed.attribute not in unwanted and not (m.is_custom and no_custom)
        ]
        return {m.path: m.value for m in latest}

    made, refused, exchange = create(context, GROUPS, fresh, ("displayName",))
    sent = {m.path: m.value for m in latest}
    for path, answer in refused:
        crashed = answer.crashed
        yield failed(
            f"POST of a group is refused because of {path} (sent as {shown(sent.get(path))}): it "
            f"was answered {answer_words(answer)}, and without it the group is created.",
            answer,
            cause="unhandled-exception-500" if crashed else "mapping-targets-unsupported-attribute",
        )
    if made is None and not refused:
        yield failed(
            "POST of a group with every attribute of the mapping was answered "
            f"{answer_words(exchange)}.",
            exchange,
            cause="mapping-targets-unsupported-attribute",
        )
    if made is None:
        return
    context.works_anyway.add(MAPPED_GROUP)
    context.objects[_MADE] = made
    state = context.state(made)
    reported = {p.removeprefix("group:") for p in context.reported_lost if p.startswith("group:")}
    found = differences(context, made.sent, state, latest)
    found = {path: kind for path, kind in found.items() if path not in reported}
    context.mapped["Groups"] = [
        m for m in latest if m.path in made.sent and m.path not in {*found, *reported}
    ]
    yield from judged(found, latest, made.sent, (state, exchange))


def _group(context: CheckContext) -> tuple[TestObject, list[Mapped]]:
    GROUPS.planned(context, _MADE)
    if _MADE not in context.objects:
        raise Unavailable(f"no group was created from the mapping (see {MAPPED_GROUP})")
    return context.objects[_MADE], context.mapped["Groups"]


def _matching(context: CheckContext) -> Iterator[Result]:
    group, _ = _group(context)
    yield from ask_in_order(context, group)


def _update(context: CheckContext) -> Iterator[Result]:
    group, mapped = _group(context)
    told = {path.removeprefix("group:") for path in context.unset_paths if path[:6] == "group:"}
    plain = [(m, m.changed) for m in mapped if m.changed is not None and m.path not in told]
    if not plain:
        raise Unavailable("the mapping of groups updates nothing that the app keeps")
    odd = [(m, m.symbols if _takes_symbols(m) else changed) for m, changed in plain]
    if odd == plain or context.fails("read/faithful"):
        yield from patch(context, group, "replace", plain)
        return
    effect = apply(
        context, group, spelled(context, "replace", odd), expect=shows_all(odd), doubtful=True
    )
    if effect.worked:
        yield from collateral(effect)
        return
    with_plain_values = list(patch(context, group, "replace", plain))
    yield from with_plain_values or _over_symbols(effect, odd)


def _takes_symbols(mapped: Mapped) -> bool:
    """Of displayName groups/symbols asks."""
    return mapped.symbols is not None and mapped.path != "displayName"


def _over_symbols(effect: Effect, changes: list[tuple[Mapped, Any]]) -> Iterator[Result]:
    """Say what the app does to quotes, symbols and accents; with plain values all works."""
    if effect.accepted:
        changed = "; ".join(
            f"{m.path} was sent as {shown(text)} and is {shown(value_at(effect.after, m.path))}"
            for m, text in changes
            if _takes_symbols(m) and text != value_at(effect.after, m.path)
        )
        yield failed(
            f"Values with quotes, symbols and accents are not kept as sent: {changed}.",
            *effect.exchanges,
            cause="attribute-not-stored-or-returned",
            severity=Severity.MINOR,
        )
    elif effect.exchange.crashed:
        yield failed(f"{effect.words}.", *effect.exchanges, cause="unhandled-exception-500")
    else:
        yield noted(
            f"{effect.words}; without quotes, symbols and accents it works. The app may have a rule.",
            *effect.exchanges,
            cause="value-not-allowed-by-app",
        )


_rule = family(
    "mapping",
    ATTRIBUTES,
    HOW_IT_WORKS,
    RFC7644,
    requirement="ENTRA",
    of_groups=True,
    of_mapping=True,
)

CHECKS = (
    Check(
        rule=_rule(
            "group-attributes",
            "Every attribute of the tenant's group mapping is kept",
            severity="major",
            cause="attribute-not-stored-or-returned",
            what="Creates a group with a value of the right type for each attribute that the group "
            "mapping sends, and reads it back.",
            why="What the app does not keep is sent again in every cycle, and missing in the app.",
            admin_sees="success, while the attribute stays empty in the app.",
            fix="Store the attribute, or take it out of the group mapping.",
        ),
        run=_attributes,
        requires=(GROUP_CREATE,),
        heeds=(CUSTOM,),
    ),
    Check(
        rule=_rule(
            "group-matching",
            "The tenant's matching attributes of groups can be asked for",
            severity="blocker",
            cause="filter-attribute-unsupported",
            what="Asks for the group by each matching attribute, in the order of precedence.",
            why="Entra asks so before it creates any group; a refusal stops every group.",
            admin_sees="matching that fails with the app's status, or duplicates.",
            fix="Support equality on these attributes, or choose others for matching.",
        ),
        run=_matching,
        requires=(GROUP_MATCH, MAPPED_GROUP, "groups/symbols"),
    ),
    Check(
        rule=_rule(
            "group-update",
            "Every attribute of the tenant's group mapping is updated",
            severity="major",
            cause="patch-accepted-not-applied",
            what="Replaces every attribute that the group mapping updates, all in one PATCH; texts other "
            "than displayName have quotes, &, #, + and accents.",
            why="Entra sends all that changed in one request, so one refused attribute holds back all.",
            admin_sees="update events of groups that fail, or success while the app keeps the old value.",
            fix="Accept a replace of each mapped attribute, or let it flow on creation only.",
        ),
        run=_update,
        requires=(GROUP_PATCH, MAPPED_GROUP),
        heeds=("read/faithful", SEVERAL),
    ),
)
