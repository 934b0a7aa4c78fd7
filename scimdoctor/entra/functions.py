"""Every function of the mapping language, by name.

Source: Microsoft, "Reference for writing expressions for attribute mappings", and Graph's list of
2021 for the older names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scimdoctor.entra.date_functions import DATE_FUNCTIONS
from scimdoctor.entra.function_values import Function
from scimdoctor.entra.replace_function import REPLACE
from scimdoctor.entra.text_functions import TEXT_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROLES = "the object's app role assignments are needed"
_NOT_LOCAL = (
    Function(name="Guid", parameters=(), not_local="it makes a new random value each time"),
    Function(
        name="RandomString",
        parameters=(
            "length",
            "minimumNumbers",
            "minimumSpecialCharacters",
            "minimumCapital",
            "minimumLowerCase",
            "charactersToAvoid?",
        ),
        not_local="it makes a new random value each time",
    ),
    Function(name="Now", parameters=(), not_local="it gives the time of the run"),
    Function(
        name="SelectUniqueValue",
        parameters=("rule*",),
        not_local="it asks the target, and works in jobs from HR to Active Directory only",
    ),
)
_BY_EVALUATOR = (
    Function(name="IIF", parameters=("condition", "valueIfTrue", "valueIfFalse")),
    Function(name="Switch", parameters=("source", "defaultValue?", "keyOrValue*")),
    Function(name="Coalesce", parameters=("source*",)),
    Function(name="IgnoreFlowIfNullOrEmpty", parameters=("expression",)),
    Function(name="DefaultDomain", parameters=()),
    Function(name="SingleAppRoleAssignment", parameters=("appRoleAssignments",)),
    Function(name="AppRoleAssignmentsComplex", parameters=("appRoleAssignments",)),
    Function(name="AssertiveAppRoleAssignmentsComplex", parameters=("appRoleAssignments",)),
    Function(name="AppRoleAssignments", parameters=("source",), not_local=_ROLES),
)

FUNCTIONS: tuple[Function, ...] = (
    *TEXT_FUNCTIONS,
    REPLACE,
    *DATE_FUNCTIONS,
    *_BY_EVALUATOR,
    *_NOT_LOCAL,
)


def _by_name(functions: tuple[Function, ...]) -> Mapping[str, Function]:
    return {function.name.casefold(): function for function in functions}


_FUNCTIONS_BY_NAME = _by_name(FUNCTIONS)


def function_named(name: str) -> Function | None:
    """The function called `name` in any letter case; `None` if there is none."""
    return _FUNCTIONS_BY_NAME.get(name.casefold())
