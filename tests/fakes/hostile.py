"""Reports whose every text may be hostile, for hypothesis."""

from __future__ import annotations

import types
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Union, get_args, get_origin

from hypothesis import strategies as st

from scimdoctor.model.frozen import frozen
from scimdoctor.model.report import Report
from scimdoctor.reports.load import _hints

ATTACKS = (
    "\x1b[31mred\x1b[0m\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x9b2J\x07\x00\x08\x7f",
    "[bold red]markup[/bold red] [link=https://evil.example]x[/link]",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script><!--",
    "]]>&amp;&lt;",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "+1-1",
    "\t=1+1",
    "\u202egnp.exe\u202c \u2066hidden\u2069 \u200f",
    "\ud800 lone \udfff",
    "\ufeff\ufffe\uffff",
    "![x](https://evil.example/x.png) [y](javascript:alert(1))",
    "# heading\n- list\n> quote\n```\nfence",
    "`code` ``more`` ```most```",
    "| a | b |\n|---|---|",
    "@octocat #1 https://evil.example www.evil.example",
    "</details></summary><details>",
    "line one\r\nline two\rline three\u2028four",
    "%0d%0aSet-Cookie: a=b",
    "日本語 ünïcode 😀 e\u0301",
    "9" * 5000,
    "",
)

texts = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.tuples(st.sampled_from(ATTACKS), st.sampled_from(ATTACKS)).map("".join),
)
moments = st.datetimes(
    min_value=datetime(2000, 1, 1),
    max_value=datetime(2100, 1, 1),
    timezones=st.just(UTC),
)
bodies = st.one_of(
    st.binary(max_size=40),
    texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.just(b'{"a": [1, {"b": "\\u001b[31m"}], "n": 1e999}'),
    st.just(b'{"userName":"<b>","x":null}'),
    st.just(b"[" * 500),
)
_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    bytes: bodies,
    bool: st.booleans(),
    int: st.integers(-5, 10**6),
    float: st.floats(allow_nan=True, allow_infinity=True),
    object: st.none(),
    datetime: moments,
    timedelta: st.timedeltas(timedelta(0), timedelta(days=30)),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Values of the type `kind`, as the model annotates it."""
    if kind in _LEAVES:
        return _LEAVES[kind]
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        inner = next(arg for arg in get_args(kind) if arg is not type(None))
        return st.none() | values(inner)
    if origin is tuple:
        args = get_args(kind)
        if args[-1] is ...:
            return st.lists(values(args[0]), max_size=2).map(tuple)
        return st.tuples(*(values(arg) for arg in args))
    if origin is not None:
        keys, items = (values(arg) for arg in get_args(kind))
        return st.dictionaries(keys, items, max_size=2).map(frozen)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    return instances(kind)


def instances(kind: Any) -> st.SearchStrategy[Any]:
    """Instances of a dataclass of the model with any values."""
    return st.deferred(
        lambda: st.builds(kind, **{name: values(hint) for name, hint in _hints(kind).items()})
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """Reports with anything in two or three of their sections and little in the others."""
    hints = _hints(Report)
    always = ("command", "generated_at", "tool_version", "target", "notes", "limits")
    chosen = draw(st.sets(st.sampled_from(sorted(set(hints) - set(always))), max_size=4))
    return Report(**{name: draw(values(hints[name])) for name in (*always, *sorted(chosen))})
