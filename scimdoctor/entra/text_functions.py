"""The mapping functions on text and lists (Microsoft, "Reference for writing expressions")."""

from __future__ import annotations

import base64
import re
import unicodedata

from scimdoctor.entra.function_values import (
    Function,
    NotEvaluable,
    Value,
    as_integer,
    as_list,
    as_text,
    is_empty,
    number_in,
    truth,
)

_WITHOUT_DECOMPOSITION = {
    "æ": "ae",
    "ø": "oe",
    "ß": "ss",
    "ł": "l",
    "ı": "i",
}
_SPECIAL = _WITHOUT_DECOMPOSITION | {
    upper: plain.upper() for upper, plain in (("Æ", "ae"), ("Ø", "oe"), ("ẞ", "ss"), ("Ł", "l"))
}
_MACRON = "\u0304"
_WORD = re.compile(r"[^\W\d_](?:[^\W_]|['\u0300-\u036f])*")


def append(source: Value, suffix: Value) -> Value:
    """`source` followed by `suffix`; null stays null."""
    text = as_text(source)
    return None if text is None else text + (as_text(suffix) or "")


def prepend(prefix: Value, source: Value) -> Value:
    """`prefix` before `source`; null stays null."""
    text = as_text(source)
    return None if text is None else (as_text(prefix) or "") + text


def bit_and(first: Value, second: Value) -> Value:
    """Bitwise and of two whole numbers."""
    return str(as_integer(first, "value1") & as_integer(second, "value2"))


def to_boolean(value: Value) -> Value:
    """`True` for `True` and for a number that is not zero."""
    text = (as_text(value) or "").strip()
    return truth(holds=text.casefold() == "true" or bool(number_in(text)))


def to_base64(source: Value) -> Value:
    """Base64 of the UTF-16LE bytes."""
    text = as_text(source)
    return None if text is None else base64.b64encode(text.encode("utf-16-le")).decode()


def to_utf8_hex(source: Value) -> Value:
    """The UTF-8 bytes in hexadecimal, upper case."""
    text = as_text(source)
    return None if text is None else text.encode().hex().upper()


def count(attribute: Value) -> Value:
    """The number of values."""
    return str(len(as_list(attribute)))


def to_string(value: Value) -> Value:
    """The value as text."""
    return as_text(value)


def find(text: Value, wanted: Value, start: Value = None, compare: Value = None) -> Value:
    """Position of `wanted`, from 1; 0 when it is not there."""
    inside, what = as_text(text) or "", as_text(wanted) or ""
    if (as_text(compare) or "").casefold() == "vbtextcompare":
        inside, what = inside.casefold(), what.casefold()
    first = 1 if start is None else as_integer(start, "start")
    return str(inside.find(what, max(0, first - 1)) + 1)


def is_null(value: Value) -> Value:
    """Whether the value is null."""
    return truth(holds=value is None)


def is_null_or_empty(value: Value) -> Value:
    """Whether the value is null or an empty text."""
    return truth(holds=is_empty(value))


def is_present(value: Value) -> Value:
    """Whether the value is neither null nor empty."""
    return truth(holds=not is_empty(value))


def is_string(value: Value) -> Value:
    """Whether the value is text; null is not."""
    return truth(holds=isinstance(value, str))


def item(attribute: Value, index: Value) -> Value:
    """The value at `index`, counted from 1; null past the end."""
    position = as_integer(index, "index")
    if position < 1:
        raise NotEvaluable("Item counts from 1")
    values = as_list(attribute)
    return values[position - 1] if position <= len(values) else None


def join(separator: Value, *sources: Value) -> Value:
    """All values with `separator` between them; null and empty ones are passed over."""
    parts = [str(v) for source in sources for v in as_list(source) if not is_empty(v)]
    return (as_text(separator) or "").join(parts) if parts else None


def left(text: Value, length: Value) -> Value:
    """The first characters; null gives an empty text, a negative length the whole."""
    whole, wanted = as_text(text) or "", as_integer(length, "length")
    return whole if wanted < 0 else whole[:wanted]


def length(text: Value) -> Value:
    """The number of characters; 0 for null."""
    return str(len(as_text(text) or ""))


def middle(source: Value, start: Value, amount: Value) -> Value:
    """Characters from `start`, counted from 1; what runs past the end is cut."""
    text = as_text(source)
    if text is None:
        return None
    first = as_integer(start, "start")
    if first < 1:
        raise NotEvaluable("Mid counts from 1")
    return text[first - 1 : first - 1 + max(0, as_integer(amount, "length"))]


def normalize_diacritics(source: Value) -> Value:
    """Letters without their marks; the few that Entra writes as two letters become two."""
    text = as_text(source)
    if text is None:
        return None
    decomposed = unicodedata.normalize("NFD", text)
    for ligature, plain in (("œ", "oe"), ("Œ", "OE")):
        decomposed = decomposed.replace(ligature + _MACRON, plain)
    kept: list[str] = []
    latin = False
    for letter in decomposed:
        marked = unicodedata.combining(letter) != 0
        if not marked:
            latin = unicodedata.name(letter, "").startswith("LATIN ")
        if not (marked and latin):  # the table has Latin letters only
            kept.append(_SPECIAL.get(letter, letter))
    return unicodedata.normalize("NFC", "".join(kept))


def negate(source: Value) -> Value:
    """`False` for `True`, and `True` for all else."""
    return truth(holds=(as_text(source) or "").casefold() != "true")


def proper_case(source: Value, separators: Value = None) -> Value:
    """Each word with a capital first letter; `separators` alone part words where given."""
    text = as_text(source)
    if text is None:
        return None
    lowered, marks = _lowered(text), as_text(separators)
    if marks:
        pattern = re.compile(f"[^{re.escape(marks)}]+")
        return pattern.sub(_capitalised, lowered)
    return _WORD.sub(_capitalised, lowered)


def _capitalised(found: re.Match[str]) -> str:
    return _one_letter(found[0][0], found[0][0].title()) + found[0][1:]


def redact(value: Value) -> Value:
    """The value itself: only the log hides it."""
    return value


def remove_duplicates(attribute: Value) -> Value:
    """Each value once, in order; null stays null."""
    if attribute is None:
        return None
    kept: dict[str, Value] = {}
    for value in as_list(attribute):
        kept.setdefault(repr(value), value)
    return list(kept.values())


def split(source: Value, delimiter: Value) -> Value:
    """The parts between delimiters, without blanks around them."""
    text = as_text(source)
    if text is None:
        return None
    mark = as_text(delimiter)
    return [part.strip() for part in text.split(mark)] if mark else [text]


def strip_spaces(source: Value) -> Value:
    """The text without blanks; other white space stays."""
    text = as_text(source)
    return None if text is None else text.replace(" ", "")


_WITHOUT_INVARIANT_CASE = frozenset("ıİ")
_TURKIC = frozenset({"tr", "az"})
"""Languages whose i with and without a dot are two letters; all others fold as the invariant."""


def _one_letter(letter: str, changed: str) -> str:
    """`changed`, as .NET changes case: letter by letter, so that ß stays ß."""
    return changed if len(changed) == 1 and letter not in _WITHOUT_INVARIANT_CASE else letter


def _lowered(text: str) -> str:
    return "".join(_one_letter(letter, letter.lower()) for letter in text)


def _is_turkic(culture: Value) -> bool:
    return (as_text(culture) or "").casefold().partition("-")[0] in _TURKIC


def lower(source: Value, culture: Value = None) -> Value:
    """Lower case by `culture`, else by the invariant one."""
    text = as_text(source)
    if text is None:
        return None
    if not _is_turkic(culture):
        return _lowered(text)
    dotless = text.replace("I", "ı")
    return _lowered(dotless).replace("İ", "i")


def upper(source: Value, culture: Value = None) -> Value:
    """Upper case by `culture`, else by the invariant one."""
    text = as_text(source)
    if text is None:
        return None
    turkic = _is_turkic(culture)
    dotted = text.replace("i", "İ") if turkic else text
    raised = "".join(_one_letter(letter, letter.upper()) for letter in dotted)
    return raised.replace("ı", "I") if turkic else raised


def word(text: Value, number: Value, delimiters: Value) -> Value:
    """The word of that number, counted from 1; an empty text when there is none."""
    marks = as_text(delimiters) or ""
    whole = as_text(text) or ""
    words = [w for w in re.split(f"[{re.escape(marks)}]", whole) if w] if marks else [whole]
    position = as_integer(number, "number")
    return words[position - 1] if 1 <= position <= len(words) else ""


TEXT_FUNCTIONS = (
    Function(name="Append", parameters=("source", "suffix"), run=append),
    Function(name="Prepend", parameters=("prefix", "source"), run=prepend),
    Function(name="BitAnd", parameters=("value1", "value2"), run=bit_and),
    Function(name="CBool", parameters=("expression",), run=to_boolean),
    Function(name="ConvertToBase64", parameters=("source",), run=to_base64),
    Function(name="ConvertToUTF8Hex", parameters=("source",), run=to_utf8_hex),
    Function(name="Count", parameters=("attribute",), run=count),
    Function(name="CStr", parameters=("value",), run=to_string),
    Function(name="InStr", parameters=("value1", "value2", "start?", "compareType?"), run=find),
    Function(name="IsNull", parameters=("expression",), run=is_null),
    Function(name="IsNothing", parameters=("source",), run=is_null),
    Function(name="IsNullOrEmpty", parameters=("expression",), run=is_null_or_empty),
    Function(name="IsPresent", parameters=("expression",), run=is_present),
    Function(name="IsString", parameters=("expression",), run=is_string),
    Function(name="Item", parameters=("attribute", "index"), run=item),
    Function(name="Join", parameters=("separator", "source*"), run=join),
    Function(name="Left", parameters=("string", "numChars"), run=left),
    Function(name="Len", parameters=("string",), run=length),
    Function(name="Mid", parameters=("source", "start", "length"), run=middle),
    Function(name="NormalizeDiacritics", parameters=("source",), run=normalize_diacritics),
    Function(name="Not", parameters=("source",), run=negate),
    Function(name="PCase", parameters=("source", "wordSeparators?"), run=proper_case),
    Function(name="Redact", parameters=("value",), run=redact),
    Function(name="RemoveDuplicates", parameters=("attribute",), run=remove_duplicates),
    Function(name="Split", parameters=("source", "delimiter"), run=split),
    Function(name="StripSpaces", parameters=("source",), run=strip_spaces),
    Function(name="ToLower", parameters=("source", "culture?"), run=lower),
    Function(name="ToUpper", parameters=("source", "culture?"), run=upper),
    Function(name="Word", parameters=("string", "number", "delimiters"), run=word),
)
