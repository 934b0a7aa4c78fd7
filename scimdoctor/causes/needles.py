"""What a text must hold for a pattern to match: a look that is far cheaper than the match.

Most patterns of the table of phrases match few texts, and a text without any of a pattern's
needles need not be searched. Whatever this reader does not know, it takes for something that asks
for nothing, so that no match is ever missed; a test holds it to that.
"""

from __future__ import annotations

import re
from functools import cache

_TOKEN = re.compile(
    r"""(?sx)
    (?: (?P<plain>[ !"\#%&',\-/0-9:;<=>@A-Z_`a-z~]+(?![?*+{]) | [ !"\#%&',\-/0-9:;<=>@A-Z_`a-z~])
    | (?P<group>\((?:\?(?:[aimsu]+(?:-[ims]+)?)?:|(?!\?)))
    | (?P<odd_group>\()
    | \\(?P<escaped>[ !-/:-@\[-`{-~])
    | \[\^?\]?(?:\\.|[^\]\\])*\] | \\. | [^\\|)] )
    (?P<quantifier>(?:[?*+]|\{\d*,?\d*\})[?+]?)?
    """
)
_QUANTIFIER = re.compile(r"(?:[?*+]|\{\d*,?\d*\})[?+]?")
_REQUIRED = re.compile(r"\+|\{0*[1-9]")

Needles = frozenset[str]
"""One of them is in every match; empty if nothing can be said."""

_NOTHING: Needles = frozenset()


@cache
def needles(pattern: str) -> Needles:
    """Return texts in lower case, one of which is in the lower case of every ASCII match."""
    found, end = _alternatives(pattern, 0)
    # An `x` among the flags would make blanks of the pattern mean nothing.
    return found if end == len(pattern) and "(?x" not in pattern else _NOTHING


def _alternatives(pattern: str, at: int) -> tuple[Needles, int]:
    """Read alternatives from `at` on; return their needles and where they end."""
    branches: list[Needles] = []
    while True:
        branch, at = _sequence(pattern, at)
        branches.append(branch)
        if pattern[at : at + 1] != "|":
            return (_NOTHING.union(*branches) if all(branches) else _NOTHING), at
        at += 1


def _sequence(pattern: str, at: int) -> tuple[Needles, int]:
    """Read one alternative; the best of its needles are those whose shortest is longest."""
    found, run = [_NOTHING], ""
    while token := _TOKEN.match(pattern, at):
        at = token.end()
        literal, part, quantifier = token["plain"] or token["escaped"] or "", _NOTHING, ""
        if token["group"] or token["odd_group"]:
            part, at = _alternatives(pattern, token.end())
            at += 1
            # A look around is no part of the match, or asks for what must not be there.
            part = part if token["group"] else _NOTHING
            if after := _QUANTIFIER.match(pattern, at):
                quantifier, at = after[0], after.end()
        else:
            quantifier = token["quantifier"] or ""
        if literal and not quantifier:
            run += literal
            continue
        required = not quantifier or _REQUIRED.match(quantifier)
        found += [part if required else _NOTHING, _one(run + literal if required else run)]
        run = ""
    found.append(_one(run))
    return max(found, key=lambda one: min(map(len, one), default=0)), at


def _one(text: str) -> Needles:
    return frozenset({text.lower()}) if text else _NOTHING
