"""Judges an app's SCIM endpoint by what breaks provisioning from Entra."""

from __future__ import annotations

from dataclasses import replace

from scimdoctor.checks import (
    auth,
    clash,
    create,
    custom,
    discovery,
    errors,
    found_after_patch,
    groups,
    groups_match,
    lifecycle,
    load,
    manager,
    mapping,
    mapping_groups,
    media,
    members,
    members_asked,
    members_disabled,
    oauth,
    partial,
    patch,
    patch_paths,
    query,
    query_more,
    reach,
    rename_case,
    rfc,
    stored,
    tls,
    whole_run,
)
from scimdoctor.checks.check import Check, Result
from scimdoctor.checks.options import CheckOptions, Clock
from scimdoctor.checks.other_causes import OTHER_CAUSES
from scimdoctor.checks.runner import near_names, run_checks, unknown_names

_IN_ORDER: tuple[Check, ...] = (
    *tls.CHECKS,
    *oauth.CHECKS,
    *reach.CHECKS,
    *auth.CHECKS,
    *media.CHECKS,
    *auth.REFUSAL_CHECKS,
    *oauth.ANSWER_CHECKS,
    *discovery.CHECKS,
    *query.CHECKS_BEFORE_CREATE,
    *errors.CHECKS,
    *create.CHECKS,
    *stored.CHECKS_FIRST,
    *create.CHECKS_AFTER_READ,
    *clash.CHECKS,
    *create.LAST_CHECKS,
    *auth.ROUTE_CHECKS,
    *partial.CHECKS,
    *stored.CHECKS,
    *query.CHECKS,
    *stored.LISTED_CHECKS,
    *query_more.CHECKS,
    *patch.CHECKS,
    *patch_paths.CHECKS,
    *found_after_patch.CHECKS,
    *custom.CHECKS,
    *mapping.CHECKS,
    *manager.CHECKS,
    *patch.LAST_CHECKS,
    *lifecycle.CHECKS,
    *rename_case.CHECKS,
    *groups.CHECKS_FIRST,
    *groups_match.CHECKS,
    *groups.CHECKS,
    *members.CHECKS_FIRST,
    *members_asked.CHECKS,
    *members.CHECKS,
    *members_disabled.CHECKS,
    *mapping_groups.CHECKS,
    *groups.LAST_CHECKS,
    *errors.WRITE_CHECKS,
    *load.CHECKS,
    *whole_run.BYSTANDER_CHECKS,
    *rfc.CHECKS,
    *whole_run.CHECKS,
)


def _with_other_causes(check: Check) -> Check:
    """The check with the causes that its failures may name besides its own."""
    rule = replace(check.rule, other_causes=OTHER_CAUSES.get(check.id, ()))
    return replace(check, rule=rule)


ALL_CHECKS: tuple[Check, ...] = tuple(_with_other_causes(check) for check in _IN_ORDER)
"""Every check, in the order in which they run: a check comes after those it builds on."""

__all__ = [
    "ALL_CHECKS",
    "Check",
    "CheckOptions",
    "Clock",
    "Result",
    "near_names",
    "run_checks",
    "unknown_names",
]
