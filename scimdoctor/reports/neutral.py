"""Makes text from logs and servers harmless before it is shown.

Everything that comes from Entra, from the app or from a file is hostile until it has been through
here: it may carry terminal escapes, direction marks that reorder a line, NULs, lone surrogates,
or a line of a megabyte. The sense of the text stays readable: what is taken out leaves a visible
sign in its place.
"""

from __future__ import annotations

import re

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and newline, DEL, C1
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"  # direction marks, invisible characters
    "\u2028\u2029\ufeff\ufff9-\ufffb\ufffe\uffff"  # line separators, byte order mark, nonchars
    "\ud800-\udfff\U000e0000-\U000e0fff]"  # lone surrogates, tag characters and selectors
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_FORMULA = re.compile(r"[\s'\"]*[=+\-@|%＝＋－＠]")
_BREAK = re.compile(r"[\t\n ]*\n[\t\n ]*")

LONGEST_TEXT = 4_000
LONGEST_LINE = 600


def _sign(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ␛ for ESC, ␀ for NUL
    if code == 0x7F:
        return "\u2421"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"<U+{code:04X}>"


def neutral(text: str, *, limit: int = LONGEST_TEXT) -> str:
    """Return `text` without control characters, invisible direction marks or excess length.

    Newlines and tabs stay. At most `limit` characters are kept; the rest is counted.
    """
    return _CONTROL.sub(_sign, cut(text.replace("\r\n", "\n"), limit))


def one_line(text: str, *, limit: int = LONGEST_LINE) -> str:
    """Return `text` neutral and on one line."""
    head = text[: 2 * limit + 100]
    flat = _BREAK.sub(" ", head.replace("\r\n", "\n").strip()).replace("\t", " ")
    missing = len(text) - len(head)
    return _CONTROL.sub(_sign, cut(flat, limit, beyond=missing))


def cut(text: str, limit: int, *, beyond: int = 0) -> str:
    """Return at most `limit` characters of `text`, with the number of those left out.

    `beyond` are characters that were left out before.
    """
    left_out = len(text) - limit + beyond
    if len(text) <= limit and not beyond:
        return text
    return f"{text[:limit]}… ({left_out} more characters)"


def valid_unicode(text: str) -> str:
    """Return `text` with lone surrogates replaced, so that it can be encoded."""
    return _SURROGATE.sub("\ufffd", text)


def json_safe(serialised: str) -> str:
    r"""Return JSON text whose troublesome characters are written as `\\uXXXX`: nothing is lost.

    In serialised JSON such characters can stand only inside strings, where the escape means the
    same. Lone surrogates, which many parsers refuse, become U+FFFD.
    """
    return _CONTROL.sub(_json_escape, valid_unicode(serialised))


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code > 0xFFFF:
        pair = code - 0x10000
        return f"\\u{0xD800 + (pair >> 10):04x}\\u{0xDC00 + (pair & 0x3FF):04x}"
    return f"\\u{code:04x}"


def formula_safe(cell: str) -> str:
    """Return `cell` so that a spreadsheet reads text, never a formula.

    A leading apostrophe is what spreadsheets themselves use to mark text.
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell
