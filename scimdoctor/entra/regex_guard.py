"""Keeps regular expressions of mappings and filters from running for ever.

A mapping may come from a file that somebody sent. Python's engine cannot be stopped, so patterns
that can take exponential time are not run at all: a repeated group that repeats or chooses inside.
"""

from __future__ import annotations

import re

_LONGEST = 1_000
_PART = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]|[*+?]|\{\d*,?\d*\}|.", re.DOTALL)
_REPEATS = re.compile(r"[*+]|\{\d+,\d*\}|\{,\d+\}")


def may_explode(pattern: str) -> bool:
    """Whether matching `pattern` may take time that grows exponentially with the text.

    Some harmless patterns are called risky too; a risky one is never called harmless by nesting.
    """
    if len(pattern) > _LONGEST:
        return True
    parts = _PART.findall(pattern)
    open_groups: list[bool] = [False]
    for index, part in enumerate(parts):
        following = parts[index + 1] if index + 1 < len(parts) else ""
        if part == "(":
            open_groups.append(False)
        elif part == ")" and len(open_groups) > 1:
            varies = open_groups.pop()
            repeated = _REPEATS.fullmatch(following) is not None
            if varies and repeated:
                return True
            open_groups[-1] = open_groups[-1] or varies or repeated
        elif part == "|" or _REPEATS.fullmatch(part):
            open_groups[-1] = True
    return False
