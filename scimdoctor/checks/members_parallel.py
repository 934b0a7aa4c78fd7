"""Members that are added to one group at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from scimdoctor.checks.check import failed, noted
from scimdoctor.checks.effects import apply
from scimdoctor.checks.objects import patch_request
from scimdoctor.checks.shapes import (
    answer_words,
    member_ids,
)
from scimdoctor.model.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from scimdoctor.checks.check import Result
    from scimdoctor.checks.context import CheckContext
    from scimdoctor.checks.effects import Expectation
    from scimdoctor.model.exchange import Exchange


def values(ids: Iterable[str]) -> list[dict[str, Any]]:
    """Members as Entra writes them."""
    return [{"$ref": None, "value": identifier} for identifier in ids]


def exactly(*ids: str) -> Expectation:
    """Expect these members and no others."""
    return lambda state: sorted(member_ids(state)) == sorted(ids)


def includes(identifier: str) -> Expectation:
    """Expect this member among others."""
    return lambda state: identifier in member_ids(state)


def parallel(context: CheckContext) -> Iterator[Result]:
    """Add five members by five requests at the same time."""
    group = context.group("parallel")
    context.state(group)
    ids = [context.user(role).id for role in ("subject", "bystander", "manager", "bare", "bare2")]

    def add(identifier: str) -> Any:  # noqa: ANN401 - an exchange
        operation = context.op("add", "members", values([identifier]))
        return context.send(patch_request(group, [operation]))

    with ThreadPoolExecutor(max_workers=max(2, context.options.concurrency)) as pool:
        exchanges = list(pool.map(add, ids))
    group.state = None
    context.read(group)
    for _ in context.settle(exchanges[-1]):
        if exactly(*ids)(context.state(group)):
            break
        context.read(group)
    there = member_ids(context.state(group))
    lost = [i for i in ids if i not in there]
    refused = [x for x in exchanges if not x.ok]
    if lost and not refused:
        yield from _lost_in_parallel(context, ids, lost, exchanges)
    elif refused:
        words = (
            f"Of {len(ids)} members added at the same time, {len(refused)} were answered "
            f"{answer_words(refused[0])}"
        )
        alone = [
            apply(
                context, group, [context.op("add", "members", values([i]))], expect=includes(i)
            ).worked
            for i in lost
        ]
        if all(alone):
            yield failed(
                f"{words}, and can be added one after the other. Entra tries them again a cycle later.",
                *refused,
                severity=Severity.MINOR,
            )
        else:
            yield noted(f"{words}; Entra tries them again.", *refused)


def _lost_in_parallel(
    context: CheckContext, ids: list[str], lost: list[str], exchanges: list[Exchange]
) -> Iterator[Result]:
    """Blame the simultaneity only if those who are lost can be added one after the other."""
    for identifier in lost:
        operation = context.op("add", "members", values([identifier]))
        group = context.group("parallel")
        effect = apply(context, group, [operation], expect=includes(identifier))
        if not effect.worked:
            yield failed(
                f"{effect.words}, also when nothing else is added at the same time.",
                *effect.exchanges,
                cause="attribute-not-stored-or-returned"
                if len(member_ids(effect.after)) >= len(ids)
                else "patch-accepted-not-applied",
            )
            return
    yield failed(
        f"{len(ids)} members were added at the same time, each answered with success; "
        f"{len(lost)} of them are not in the group.",
        *exchanges,
    )
