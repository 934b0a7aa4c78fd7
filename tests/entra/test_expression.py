"""The mapping language: every documented sample, every fault with its place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scimdoctor.entra.evaluate import evaluate_mapping, expression_of, is_direct
from scimdoctor.entra.evaluator import evaluate
from scimdoctor.entra.expression import CallNode, EmptyNode, ExpressionError, parse
from scimdoctor.entra.functions import FUNCTIONS, function_named
from scimdoctor.model.synchronization import (
    AttributeDefinition,
    AttributeMapping,
    AttributeMappingSource,
)
from tests.fakes.events import custom_app_schema, load

VECTORS = load("mapping-function-vectors.json")
ROLE = {"id": "r1", "value": "Admin", "displayName": "Admin"}


@pytest.mark.parametrize("vector", VECTORS, ids=[v["expression"][:60] for v in VECTORS])
def test_documented_sample(vector: dict[str, Any]) -> None:
    found = evaluate(vector["expression"], vector["input"], default_domain="contoso.com")
    assert (found.value, found.known) == (vector["output"], True), found.reason


SAMPLES: list[tuple[str, dict[str, object], object]] = [
    ('Prepend("x-", [a])', {"a": "b"}, "x-b"),
    ('Append([a], "x")', {"a": None}, None),
    ("CBool([a])", {"a": "5"}, "True"),
    ("CBool([a] = [a])", {"a": "5"}, "True"),
    ("CBool([a])", {"a": "no"}, "False"),
    ("CStr([a])", {"a": 7}, "7"),
    ("Count([a])", {"a": ["x", "y"]}, "2"),
    ("Count([a])", {"a": None}, "0"),
    ("IsNull([a])", {"a": None}, "True"),
    ("IsNothing([a])", {"a": "x"}, "False"),
    ("IsNullOrEmpty([a])", {"a": ""}, "True"),
    ("IsPresent([a])", {"a": "x"}, "True"),
    ("IsString([a])", {"a": "x"}, "True"),
    ("Item([a], 2)", {"a": ["x", "y"]}, "y"),
    ("Item([a], 3)", {"a": ["x", "y"]}, None),
    ('Join(";", [a], [b])', {"a": ["x", "y"], "b": None}, "x;y"),
    ('Join(";", [b])', {"b": None}, None),
    ("Left([a], -1)", {"a": "abc"}, "abc"),
    ("Left([a], 2)", {"a": None}, ""),
    ("Len([a])", {"a": None}, "0"),
    ("Mid([a], 3, 9)", {"a": "abcd"}, "cd"),
    ("Mid([a], 1, 2)", {"a": None}, None),
    ("NormalizeDiacritics([a])", {"a": "Łœ\u0304ßØÆıŞ"}, "LoessOEAEiS"),
    ("Not([a])", {"a": "TRUE"}, "False"),
    ("PCase([a])", {"a": "o'NEIL smith"}, "O'neil Smith"),
    ("Redact([a])", {"a": "x"}, "x"),
    ("RemoveDuplicates([a])", {"a": ["x", "y", "x"]}, ["x", "y"]),
    ("StripSpaces([a])", {"a": "a b\tc"}, "ab\tc"),
    ('ToUpper([a], "tr-TR")', {"a": "iı"}, "İI"),
    ('ToLower([a], "tr-TR")', {"a": "Iİ"}, "ıi"),
    ('ToUpper([a], "de-DE")', {"a": "straße i"}, "STRAßE I"),
    ("ToUpper([a])", {"a": "ı"}, "ı"),
    ("ToLower([a])", {"a": "ΟΔΟΣ İ"}, "οδοσ İ"),
    ("PCase([a])", {"a": "ABC1DEF 2ND ßETA O\u2019NEIL"}, "Abc1def 2Nd ßeta O\u2019Neil"),
    ("NormalizeDiacritics([a])", {"a": "Zoë Й が"}, "Zoe Й が"),
    ("RemoveDuplicates([a])", {"a": [ROLE, ROLE]}, [ROLE]),
    ("RemoveDuplicates([a])", {"a": None}, None),
    ("CBool([a])", {"a": "nan"}, "False"),
    ('IIF([a] = "inf", "x", "y")', {"a": "Infinity"}, "y"),
    ('Replace([a], , "b+", , "$$[$&]", , )', {"a": "abbc"}, "a$[bb]c"),
    ('Replace([a], "b", "", , "x", , )', {"a": "abc"}, "axc"),
    ('FormatDateTime([a], , "dd.MM.yy", "yyyy-MM-dd")', {"a": "01.02.75"}, "1975-02-01"),
    ('FormatDateTime([a], , "dd.MM.yy", "s")', {"a": "01.02.24"}, "2024-02-01T00:00:00"),
    (
        'FormatDateTime([a], , "yyyy-MM-dd", "%d MMMMM ddddd")',
        {"a": "2024-02-01"},
        "1 February Thursday",
    ),
    (
        'FormatDateTime([a], , "yyyy-MM-dd", "r")',
        {"a": "2024-02-01"},
        "Thu, 01 Feb 2024 00:00:00 GMT",
    ),
    ('Word([a], 9, " ")', {"a": "a b"}, ""),
    ("Coalesce([a], [b])", {"a": None, "b": None}, None),
    ('Coalesce([a], "x")', {"a": ""}, ""),
    ("IgnoreFlowIfNullOrEmpty([a])", {"a": ""}, None),
    ("IgnoreFlowIfNullOrEmpty([a])", {"a": "x"}, "x"),
    ('IIF(IsPresent([a]), "yes", [unknown])', {"a": "x"}, "yes"),
    ('IIF("10" > "9", "more", "less")', {}, "more"),
    ('IIF("b" <> "a", "x", "y")', {}, "x"),
    ('IIF(Len([a]) >= 3, "long", "short")', {"a": "ab"}, "short"),
    ('Switch([a], , "x", "1")', {"a": "y"}, None),
    ('Switch([a], "d", "X", "1")', {"a": "x"}, "d"),
    ("SingleAppRoleAssignment([appRoleAssignments])", {"appRoleAssignments": [ROLE]}, "Admin"),
    ("SingleAppRoleAssignment([appRoleAssignments])", {"appRoleAssignments": []}, None),
    ("AppRoleAssignmentsComplex([appRoleAssignments])", {"appRoleAssignments": [ROLE]}, [ROLE]),
    ("DateFromNum([a])", {"a": "129699324000000000"}, "1/1/2012 11:00:00 PM"),
    ("NumFromDate([a])", {"a": "2012-01-01T23:00:00Z"}, "129699324000000000"),
    ('DateAdd("m", 1, CDate("2024-01-31"))', {}, "2/29/2024 12:00:00 AM"),
    ('FormatDateTime([a], "dd/MM/yyyy", "MMMM d, yyyy")', {"a": "05/01/2024"}, "January 5, 2024"),
    (
        'FormatDateTime([a], , "M/d/yyyy h:mm tt", "HH:mm\'h\'")',
        {"a": "1/2/2024 1:05 PM"},
        "13:05h",
    ),
    (
        'FormatDateTime([a], , "yyyy-MM-ddTHH:mm:ssK", "yy.MMM.ddd fff")',
        {"a": "2024-01-02T01:00:00+02:00"},
        "24.Jan.Mon 000",
    ),
    ('FormatDateTime([a], , "yyyy", "yy")', {"a": None}, None),
    ("CDate([a])", {"a": None}, None),
    ('InStr("ABC", "b", , vbTextCompare)', {}, "2"),
    ('Replace([a], , "(\\\\d+)-(\\\\d+)", , "$2-$1", , )', {"a": "1-2"}, "2-1"),
    ("BitAnd(&H6, 3)", {}, "2"),
    ('iif([a] == "x", “y”, "z")', {"a": "x"}, "y"),
    ("[A]", {"a": "any case"}, "any case"),
    ("[flag]", {"flag": True}, "True"),
]


@pytest.mark.parametrize(("text", "source", "value"), SAMPLES, ids=[s[0] for s in SAMPLES])
def test_semantics(text: str, source: dict[str, object], value: object) -> None:
    found = evaluate(text, source)
    assert found.known, found.reason
    assert found.value == value


NOT_KNOWN: list[tuple[str, dict[str, object], str]] = [
    ("[a]", {}, "[a] is not at hand"),
    ("Guid()", {}, "new random value"),
    ("RandomString(6, 1, 1, 1, 1)", {}, "new random value"),
    ("Now()", {}, "time of the run"),
    ("SelectUniqueValue([a])", {"a": "x"}, "HR"),
    ("DefaultDomain()", {}, "default domain"),
    ("AppRoleAssignments([a])", {"a": "x"}, "app role assignments"),
    ("AppRoleAssignmentsComplex([a])", {"a": "User"}, "not at hand in full"),
    ("SingleAppRoleAssignment([a])", {"a": [ROLE, ROLE]}, "no fixed order"),
    ("Frobnicate([a])", {"a": "x"}, "no function `Frobnicate`"),
    ("Left([a])", {"a": "x"}, "needs 2 arguments"),
    ("Not([a], [a])", {"a": "x"}, "takes 1 arguments"),
    ('IIF([a] = "x", "1", "2")', {"a": None}, "use Switch instead"),
    ("Item([a], 0)", {"a": ["x"]}, "counts from 1"),
    ("Mid([a], 0, 1)", {"a": "x"}, "counts from 1"),
    ("ToLower([a])", {"a": ["x", "y"]}, "multi-valued"),
    ("CDate([a])", {"a": "soon"}, "not a date"),
    ('DateAdd("fortnight", 1, CDate("2024-01-01"))', {}, "unknown interval"),
    ('DateAdd("yyyy", 99999, CDate("2024-01-01"))', {}, "out of range"),
    ('DateDiff("w", CDate("2024-01-01"), CDate("2024-01-02"))', {}, "unknown interval"),
    ("DateFromNum([a])", {"a": "x"}, "not a file time"),
    ('FormatDateTime([a], "yyyy", "yy")', {"a": "24"}, "does not fit"),
    ('FormatDateTime([a], "yy", "yyyy")', {"a": "40"}, "which century"),
    ('FormatDateTime([a], "dd.MM", "yyyy")', {"a": "01.02"}, "no year"),
    ('FormatDateTime([a], "yyyy", "d")', {"a": "2024"}, "culture of Entra's server"),
    ('FormatDateTime([a], "yyyy", "yyyyK")', {"a": "2024"}, "`K` writes"),
    ('FormatDateTime([a], "yyyy", "yyy-MM")', {"a": "2024"}, "'yyy'"),
    ('IIF([a] = "1", "x", "y")', {"a": "01"}, "equal as numbers"),
    ('Switch([a], "d", "k", "v", "x")', {"a": "x"}, "a key without a value"),
    ('Left([a], "nan")', {"a": "x"}, "not a number"),
    ('Left([a], "1_0")', {"a": "x"}, "not a number"),
    ('Replace([a], , "", , "y", , )', {"a": "x"}, "empty regexPattern"),
    ('Replace([a], , "(", , "", , )', {"a": "x"}, "regular expression"),
    ('Replace([a], , "(?<g>x)", "h", "y", , )', {"a": "x"}, "no group `h`"),
    ('Replace([a], , , , "y", , )', {"a": "x"}, "oldValue or a regexPattern"),
    ('Replace([a], "x", , , , , )', {"a": "x"}, "replacementValue or a template"),
    ("BitAnd([a], 1)", {"a": "x"}, "not a number"),
]


@pytest.mark.parametrize(("text", "source", "reason"), NOT_KNOWN, ids=[n[0] for n in NOT_KNOWN])
def test_says_why_it_cannot_tell(text: str, source: dict[str, object], reason: str) -> None:
    found = evaluate(text, source)
    assert not found.known
    assert reason in (found.reason or "")


FAULTS = [
    ('Join(" ", [a]', "is not closed", 4),
    ('ToLower("abc', "not closed", 8),
    ("ToLower([abc", "not closed", 8),
    ("ToLower([a]))", "too many", 12),
    ('IIF([a] = "x" AND [b] = "y", 1, 2)', "no AND or OR", 14),
    ("[a] [b]", "unexpected", 4),
    ("", "ends where a value", 0),
    ("Left(,", "not closed", 4),
    ("Not(=)", "a value is expected", 4),
    ("a ; b", "unexpected character", 2),
    ("[a] =", "ends where a value", 5),
    ("Not(" * 70 + "[a]" + ")" * 70, "too deeply", 240),
]


@pytest.mark.parametrize(("text", "message", "position"), FAULTS)
def test_faults_point_at_their_place(text: str, message: str, position: int) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        parse(text)
    assert caught.value.position == position
    line, caret = caught.value.pointed().split("\n")
    assert caret.index("^") <= len(line)


def test_tolerates_a_missing_comma_and_says_so() -> None:
    found = parse('Join("," [a], [b])')
    assert isinstance(found.root, CallNode)
    assert len(found.root.arguments) == 3
    assert "comma" in found.warnings[0]


def test_empty_arguments_keep_their_place() -> None:
    root = parse('Switch([a], , "x", "1")').root
    assert isinstance(root, CallNode)
    assert [isinstance(a, EmptyNode) for a in root.arguments] == [False, True, False, False]


def test_too_long_is_a_warning() -> None:
    assert "10000" in parse('"' + "x" * 10_001 + '"').warnings[0]


def test_attributes_and_calls_are_listed() -> None:
    found = parse('IIF([a] = "x", Join(" ", [b], [a]), "c")')
    assert found.attributes() == ("a", "b")
    assert [c.name for c in found.calls()] == ["IIF", "Join"]


def test_every_function_is_found_in_any_case() -> None:
    assert len({f.name.casefold() for f in FUNCTIONS}) == len(FUNCTIONS)
    assert all(function_named(f.name.upper()) is f for f in FUNCTIONS)


@settings(max_examples=60, deadline=None)
@given(st.text('[]()"\\,= <>abIIFSwitch&H0-“', max_size=60))
def test_never_breaks_on_any_text(text: str) -> None:
    found = evaluate(text, {"a": "x", "b": None})
    assert found.known or found.reason


def mapping(text: str, **fields: Any) -> AttributeMapping:
    source = AttributeMappingSource(type="Function", expression=text)
    return AttributeMapping(target_attribute_name="title", source=source, **fields)


def test_default_stands_in_for_null_on_create_only() -> None:
    item = mapping("[a]", default_value="none")
    created = evaluate_mapping(item, {"a": None}, creating=True)
    assert (created.value, created.used_default) == ("none", True)
    assert "default value" in created.explanation()[-1]
    assert evaluate_mapping(item, {"a": None}, creating=False).value is None


def test_flow_on_creation_only() -> None:
    found = evaluate_mapping(mapping("[a]", flow_type="ObjectAddOnly"), {"a": "x"}, creating=False)
    assert found.value is None
    assert "not afterwards" in (found.reason or "")


def test_explains_step_by_step_why_nothing_is_sent() -> None:
    found = evaluate_mapping(
        mapping('ToLower(Append([a], "x"))'), {"a": None}, creating=True
    ).explanation()
    assert found[0] == "[a] = null"
    assert found[1] == 'Append([a], "x") = null'
    assert found[-1] == 'ToLower(Append([a], "x")) gives null, as [a] is null'
    assert (
        evaluate_mapping(mapping("[a]"), {"a": None}, creating=True).reason
        == "[a] is empty in Entra"
    )


def test_value_is_typed_by_the_target() -> None:
    item = AttributeMapping(
        target_attribute_name="active",
        source=AttributeMappingSource(
            type="Function",
            expression='Switch([IsSoftDeleted], , "False", "True", "True", "False")',
        ),
    )
    assert evaluate_mapping(item, {"IsSoftDeleted": "False"}, creating=True).value is True
    definition = AttributeDefinition(name="active", type="Integer")
    number = evaluate_mapping(mapping('"7"'), {}, creating=True, definition=definition)
    assert number.value == 7


def test_expression_from_its_parts_where_the_text_is_missing() -> None:
    source = AttributeMappingSource(
        type="Function",
        name="Join",
        parameters=(
            ("separator", AttributeMappingSource(type="Constant", name='"')),
            ("source", AttributeMappingSource(type="Attribute", name="a")),
        ),
    )
    assert expression_of(source) == 'Join("\\"", [a])'
    assert is_direct("[a]")
    assert not is_direct("Not([a])")


def test_all_of_the_default_mapping_can_be_evaluated() -> None:
    for owner in custom_app_schema().object_mappings:
        for item in owner.attribute_mappings:
            text = expression_of(item.source) if item.source else ""
            source: dict[str, object] = dict.fromkeys(parse(text).attributes(), "False")
            assert evaluate_mapping(item, source, creating=True).known


def test_mapping_without_a_source_is_null() -> None:
    bare = AttributeMapping(target_attribute_name="title")
    assert evaluate_mapping(bare, {}, creating=True).reason == "the mapping has no source"


def test_constant_without_quotes() -> None:
    source = AttributeMappingSource(type="Constant", expression="a b")
    item = AttributeMapping(target_attribute_name="title", source=source)
    assert evaluate_mapping(item, {}, creating=True).value == "a b"
