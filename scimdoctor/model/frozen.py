"""Mappings that cannot be changed and can be hashed, for use inside frozen values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(dict[K, V]):
    """A dict that refuses changes; equal and hashed by value when its values can be hashed.

    A subclass of dict, so that `json` and `dataclasses.asdict` take it as it is.
    """

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def _refuse(self, *_args: object, **_kwargs: object) -> None:
        raise TypeError("this mapping is frozen")

    __setitem__ = _refuse
    __delitem__ = _refuse
    __ior__ = _refuse  # type: ignore[assignment]
    clear = _refuse
    pop = _refuse  # type: ignore[assignment]
    popitem = _refuse  # type: ignore[assignment]
    setdefault = _refuse  # type: ignore[assignment]
    update = _refuse

    def __reduce__(self) -> tuple[type[FrozenDict[K, V]], tuple[dict[K, V]]]:
        return FrozenDict, (dict(self),)

    def __copy__(self) -> FrozenDict[K, V]:
        return self

    def __deepcopy__(self, memo: object) -> FrozenDict[K, V]:
        return self


def frozen(mapping: Mapping[K, V]) -> FrozenDict[K, V]:
    """Return `mapping` as a `FrozenDict` (itself if it is one)."""
    return mapping if isinstance(mapping, FrozenDict) else FrozenDict(mapping)


EMPTY: FrozenDict[Any, Any] = FrozenDict()
