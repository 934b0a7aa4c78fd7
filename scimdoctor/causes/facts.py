"""Everything the cause rules look at, worked out once from a `Case`.

Facts are read from the structured places first: the exchange that went wrong, then the answer
quoted in the event's reason, then the job's error. Only `Complaint` holds judged prose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from scimdoctor.causes.aimed import named_reference
from scimdoctor.causes.attributes import bare_name
from scimdoctor.causes.dialects.reading import Reading
from scimdoctor.causes.lookups import was_found
from scimdoctor.causes.sent import Shape, target_of
from scimdoctor.entra.reason import ReasonFacts
from scimdoctor.model.diagnosis import Case, Confidence
from scimdoctor.model.finding import Evidence, EvidenceKind

if TYPE_CHECKING:
    from scimdoctor.causes.breach import Breach, Complaint
    from scimdoctor.causes.contradiction import Contradiction
    from scimdoctor.causes.sent import Filter, Operation
    from scimdoctor.entra.error_codes import ErrorCode
    from scimdoctor.entra.skip_reasons import SkipReason
    from scimdoctor.model.exchange import Exchange


class Stage(StrEnum):
    """Which of Entra's requests went wrong."""

    TEST = "test connection"
    TOKEN = "token request"
    MATCH = "matching query"
    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    DISCOVERY = "discovery"
    SKIP = "skip"
    UNKNOWN = "unknown"


WRITES = frozenset({Stage.CREATE, Stage.UPDATE, Stage.DELETE})
QUERIES = frozenset({Stage.TEST, Stage.MATCH})


_RESOLVING = "referenceresolution"
_NAMES = frozenset(
    [
        "username",
        "externalid",
        "emails",
        "displayname",
        "nickname",
        "employeenumber",
        "phonenumbers",
    ]
)
"""Attributes that apps keep unique, lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one case, ready to be judged."""

    case: Case = field(default_factory=Case)
    stage: Stage = Stage.UNKNOWN
    status: int | None = None
    """The app's HTTP status."""

    is_group: bool = False
    exchange: Exchange | None = None
    """The exchange that went wrong, or the last one."""

    filter: Filter | None = None
    operations: tuple[Operation, ...] = ()
    operations_seen: bool = False
    """Whether the operations stood in a request, so that their names are known too."""

    which_is_unclear: bool = False
    """Operations of several kinds were sent, and the app did not tell which it refused."""

    shapes: frozenset[Shape] = frozenset()
    body: Any = None
    """The JSON that was sent."""

    answer: Any = None
    """The JSON that came back, or that the log quotes."""

    reading: Reading = field(default_factory=Reading)
    reason: ReasonFacts = field(default_factory=ReasonFacts)
    error_code: str | None = None
    known_code: ErrorCode | None = None
    skip: SkipReason | None = None
    skip_name: str | None = None
    contradictions: tuple[Contradiction, ...] = ()
    effect_shown: bool = False
    """The decisive write was accepted, and its answer or a later read shows what it asked for."""

    ever_worked: bool = False
    """The job finished a cycle once, or events show that it does."""

    @property
    def speaker(self) -> str:
        """Whose words were read: the app's where it answered, else Entra's in its log or job."""
        event = self.case.event is not None
        if self.exchange is not None or self.reason.body is not None:
            return "the app"
        if event and self.status is not None:
            return "the app"
        return "the log" if event else "the job's error"

    @property
    def refused(self) -> bool:
        """Whether something was refused or failed, as against answered with success."""
        if self.exchange is not None:
            return not self.exchange.ok
        event = self.case.event
        if event is not None and event.status in {"success", "skipped"}:
            return False
        return event is not None or self.status is not None or bool(self.reading.complaints)

    @property
    def succeeded(self) -> bool:
        """Whether the decisive exchange was answered with 2xx."""
        return self.exchange is not None and self.exchange.ok

    @property
    def accepted_unseen(self) -> bool:
        """Whether a write was accepted, and nothing shows that it took effect."""
        return self.succeeded and not self.effect_shown

    @property
    def unresolved_reference(self) -> bool:
        """Whether Entra itself could not resolve a manager or member: a step of its says so."""
        steps = self.case.event.provisioning_steps if self.case.event is not None else ()
        resolving = [s for s in steps if s.provisioning_step_type.casefold() == _RESOLVING]
        return any(step.status in {"failure", "warning", "skipped"} for step in resolving)

    @property
    def others_pass(self) -> bool:
        """Whether other objects went well in the same log, so that address and token are right."""
        return self.case.successes > 0 or self.scim_answers

    @property
    def objects(self) -> int:
        """How many objects failed in this way; one if nobody counted."""
        return self.case.affected.objects if self.case.affected is not None else 1

    @property
    def mute(self) -> bool:
        """Whether the app refused without a word that could be read."""
        return self.refused and not self.reading.complaints

    @property
    def is_users(self) -> bool:
        """Whether it is about users."""
        return not self.is_group

    def says(self, *breaches: Breach) -> Complaint | None:
        """The first complaint about one of `breaches`."""
        return next((c for c in self.reading.complaints if c.breach in breaches), None)

    def has(self, *shapes: Shape) -> bool:
        """Whether one of `shapes` was sent."""
        return any(shape in self.shapes for shape in shapes)

    def code(self, *suffixes: str) -> bool:
        """Whether the error code ends with one of `suffixes`, in any letter case."""
        text = (self.error_code or "").casefold()
        return any(text.endswith(suffix.casefold()) for suffix in suffixes)

    def backed(self, complaint: Complaint | None) -> Confidence:
        """How sure a match may be that rests on `complaint`: prose alone is never likely."""
        if complaint is None:
            return Confidence.LIKELY
        solid = complaint.structured or self.status is not None or self.exchange is not None
        return Confidence.LIKELY if solid else Confidence.POSSIBLE

    @property
    def target_was_found(self) -> bool:
        """Whether a query that was seen, or a step of the log, shows the object by its id."""
        if self.exchange is None:
            return self._was_read()
        return was_found(target_of(self.exchange.request)[1], self.case.exchanges)

    def _was_read(self) -> bool:
        """Whether Entra read the object from the app just before, as its matching step says."""
        steps = self.case.event.provisioning_steps if self.case.event is not None else ()
        return any(
            step.provisioning_step_type.casefold() == "matching"
            and step.name.casefold() == "entryimport"
            and step.status == "success"
            and bool(step.details.get("id"))
            for step in steps
        )

    @property
    def scim_answers(self) -> bool:
        """Whether another request of the capture was answered with success and JSON."""
        others = (e for e in self.case.exchanges if e is not self.exchange)
        return any(e.ok and isinstance(e.json, dict) for e in others)

    @property
    def reference_named(self) -> str | None:
        """The id of a member or manager that was sent and that the app names in its refusal."""
        if not self.refused or self.status not in {None, 400, 404, 409, 410, 422}:
            return None
        return named_reference(self.operations, self.reading.words, own=self.own_id)

    @property
    def own_id(self) -> str | None:
        """The app's id of the object that was to be changed."""
        if self.exchange is not None:
            return target_of(self.exchange.request)[1]
        event = self.case.event
        return event.target_identity.id if event is not None else None

    @property
    def just_created(self) -> bool:
        """Whether the same event says that the object was created before something failed."""
        event = self.case.event if self.exchange is None else None
        steps = event.provisioning_steps if event is not None else ()
        added = [s for s in steps if s.name.casefold() == "entryexportadd"]
        return any(step.status == "success" for step in added) and self.stage is Stage.UPDATE

    @property
    def only_removes(self) -> bool:
        """Whether the operations that are judged take values away, and set none."""
        return bool(self.operations) and all(o.removes for o in self.operations)

    @property
    def only_switches(self) -> bool:
        """Whether an update is about nothing but `active`."""
        paths = {bare_name(operation.path) for operation in self.operations}
        return self.stage is Stage.UPDATE and paths == {"active"}

    @property
    def changes_no_name(self) -> bool:
        """Whether an update is about nothing that may have to be unique."""
        paths = {bare_name(operation.path) for operation in self.operations}
        told = bool(paths) and "" not in paths
        return self.stage is Stage.UPDATE and told and not paths & _NAMES

    @property
    def filter_on_extension(self) -> bool:
        """Whether the filter compares an extension's attribute."""
        return self.filter is not None and self.filter.attribute.casefold().startswith("urn:")

    @property
    def has_reactivation(self) -> bool:
        """Whether a user was to be set active again."""
        return self.has(Shape.REACTIVATION)

    @property
    def path_refused(self) -> str | None:
        """The attribute path that the app complains of, or the only one that was sent."""
        named = next((c.attribute for c in self.reading.complaints if c.attribute), None)
        if named:
            return named
        paths = {operation.path for operation in self.operations if operation.path}
        return next(iter(paths)) if len(paths) == 1 else None

    def evidence(self, summary: str) -> Evidence:
        """A piece of evidence that points at the most direct thing it was seen in."""
        event, job = self.case.event, self.case.job
        if self.exchange is not None:
            told = (c.exchange for c in self.contradictions if c.summary == summary)
            ref = next(told, self.exchange.id)
            return Evidence(kind=EvidenceKind.EXCHANGE, ref=ref, summary=summary)
        if event is not None:
            return Evidence(
                kind=EvidenceKind.EVENT,
                ref=event.id,
                summary=summary,
                label=event.object_name,
                at=event.activity_date_time,
            )
        if job is not None:
            return Evidence(kind=EvidenceKind.JOB, ref=job.id, summary=summary)
        return Evidence(kind=EvidenceKind.TEXT, ref="input", summary=summary)
