"""Puts text from outside into Markdown without letting it mean anything there."""

from __future__ import annotations

import html
import re

from scimdoctor.reports.neutral import neutral, one_line

_SPECIAL = re.compile(r"([\\`*_{}\[\]#!|~$^])")
_INSIDE_WORD = re.compile(r"(?<=\w)\\_(?=\w)")
_MENTION = re.compile(r"(?<![\w`])@(?=\w)")
_ISSUE = re.compile(r"\\#(?=\w)")
_LINE_START = re.compile(r"^(\d{1,9}(?=[.)])|)([-+=.)])")
_BACKTICKS = re.compile(r"`+")
_PLAIN_URL = re.compile(r"https://[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]{1,500}")


def escaped(text: str, *, limit: int = 2_000) -> str:
    """Return `text` as one line of prose that shows as it reads."""
    flat = html.escape(one_line(text, limit=limit), quote=False)
    flat = _INSIDE_WORD.sub("_", _SPECIAL.sub(r"\\\1", flat))
    flat = flat.replace("://", ":&#47;/").replace("www.", "www&#46;")
    flat = _ISSUE.sub(r"\\#&#8203;", _MENTION.sub("@&#8203;", flat))
    return _LINE_START.sub(r"\1\\\2", flat)


def link(url: str) -> str:
    """Return `url` as a link if it is a plain https address, else as prose."""
    return f"<{url}>" if _PLAIN_URL.fullmatch(url) else escaped(url)


def code(text: str, *, limit: int = 600) -> str:
    """Return `text` as a code span that also survives in a table cell."""
    flat = one_line(text, limit=limit).replace("|", "¦")
    if not flat:
        return ""
    fence = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def fenced(text: str, language: str = "", *, limit: int = 20_000) -> str:
    """Return `text` as a code block."""
    body = neutral(text, limit=limit).rstrip("\n")
    fence = "`" * max(3, _longest_run(body) + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def folded(title: str, body: str) -> str:
    """Return `body`, which is Markdown, behind a title that unfolds it."""
    shown = html.escape(one_line(title))
    return f"<details><summary>{shown}</summary>\n\n{body.strip()}\n\n</details>"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
