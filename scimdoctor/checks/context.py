"""What a check works with: the endpoint, the test objects, and what was learned about the app.

The context learns which spelling of a request the app takes (letter case of operations, booleans as
text, media type, encoding of blanks), so that a later check tests its own question and does not
fail again for a reason that is reported already.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from scimdoctor.checks.asked import Asked
from scimdoctor.checks.budget import Budget
from scimdoctor.checks.check import NoAnswer, OutOfTime, RunEnds, Unavailable
from scimdoctor.checks.crowd import Crowd, is_answer
from scimdoctor.checks.earlier import LeftFromBefore, is_left_from_before
from scimdoctor.checks.grace import Grace
from scimdoctor.checks.ids import GROUP_STORED, STORED
from scimdoctor.checks.objects import TestObject, created_id, holds
from scimdoctor.checks.patience import LONGEST_SLEEP, Patience
from scimdoctor.checks.presence import Presence
from scimdoctor.checks.shapes import resources_of, without_members
from scimdoctor.checks.spelling import Spelling, bare, respell
from scimdoctor.checks.values import Values
from scimdoctor.entra import requests
from scimdoctor.entra.dialect import Dialect
from scimdoctor.model.exchange import Exchange, FailureKind, ScimRequest
from scimdoctor.scim import urns
from scimdoctor.scim.error import ScimError
from scimdoctor.scim.paths import value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from typing import Protocol

    from scimdoctor.checks.mapped_values import Mapped
    from scimdoctor.checks.options import CheckOptions
    from scimdoctor.checks.tracker import Tracker
    from scimdoctor.endpoint.credentials import Credentials
    from scimdoctor.endpoint.tls import TlsFacts

    class Sender(Protocol):
        """What the checks need of `endpoint.client.Endpoint`."""

        base_url: str

        def send(
            self,
            request: ScimRequest,
            *,
            credentials: Credentials | None = None,
            seconds: float | None = None,
        ) -> Exchange:
            """Send once and record; wait `seconds` at most."""


PACED_SECONDS = 0.05
"""Between two requests once the app has answered 429: below the 25 a second that Entra may send."""

_LONGEST_WAIT = 10.0
_THROTTLED_WAIT = 20.0
"""Seconds that a whole run waits because of 429: it is one finding, however often it is seen."""

_GIVE_UP_AFTER = 3
_QUERIED = "queried"


class CheckContext:
    """One run's hands and memory."""

    def __init__(self, endpoint: Sender, options: CheckOptions, tracker: Tracker) -> None:
        self.endpoint, self.options = endpoint, options
        self.tracker, self.presence, self.asked = tracker, Presence(), Asked()
        self.values = Values(seed=options.seed, domain=options.domain)
        self.spelling = Spelling()
        self.kept: set[str] = set()
        """Attribute paths that the app stores and returns as sent."""

        self.passed: set[str] = set()
        """Ids of checks that found nothing wrong."""

        self.judged: set[str] = set()
        """Ids of checks that came to a result, whatever it is."""

        self.works_anyway: set[str] = set()
        """Ids of checks that failed, but left a way round for those that build on them."""

        self.objects: dict[str, TestObject] = {}
        self.mapped: dict[str, list[Mapped]] = {}
        """What test objects were made of that the tenant's mapping sends, and the app keeps."""

        self.vanished: set[str] = set()
        """Ids of test objects that were deleted, on purpose or not."""

        self.delays: list[Exchange] = []
        """Writes that became visible only after waiting."""

        self.throttled: list[Exchange] = []
        """429 answers to requests sent slower than Entra may send them."""

        self.disguised: list[Exchange] = []
        """Errors that were answered with a status of success."""

        self.reported_lost: set[str] = set()
        """Attribute paths that are reported as not kept."""

        self.unset_paths: set[str] = set()
        """Attribute paths that no PATCH set when it was last tried with a plain value."""

        self.malformed: set[str] = set()
        """Attributes that came back in a shape that Entra cannot read."""

        self.unreadable: str | None = None
        """Why no answer of this app can be read at all."""

        self.no_writes: Exchange | None = None
        """The refusal of a create, if the app refuses other writes in the same way."""

        self.unpatched: Exchange | None = None
        """The simplest PATCH of a user, if it failed in every way."""

        self.say: Callable[[str], None] = lambda _words: None
        """Tells whoever watches how far a check that takes long has come."""

        self.doubtful_filter = False
        """Whether the query was seen to miss users that exist."""

        self.intermittent: list[Exchange] = []
        """Failures whose repetition succeeded: 5xx answers, and broken connections."""

        self._begin()

    def _begin(self) -> None:
        """Start the clock, and with nothing known of the app."""
        self.tls: TlsFacts | None = None
        """What the host offers by TLS; `None` until somebody looked."""

        self.service_provider_config: dict[str, Any] = {}
        self.declared: dict[str, set[str]] | None = None
        """Attribute names by schema URN as /Schemas lists them; `None` if it does not."""

        self.required_by_schema: set[str] = set()
        self.resource_types: set[str] | None = None
        """Endpoints that /ResourceTypes lists; `None` if it does not."""

        self.crowd = Crowd(self.endpoint, self.options.concurrency)
        self.patience = Patience(slow_after=self.options.slow_after, seconds=self.options.timeout)
        self.budget = Budget(self.endpoint, self.options)
        self._pace, self._broken = 0.0, 0
        self._throttled_wait, self._worn_out = _THROTTLED_WAIT, False
        self.grace = Grace(self.options.clock.now, self.options.clock.sleep)

    # -- sending ---------------------------------------------------------------------------

    def send(self, request: ScimRequest) -> Exchange:
        """Send `request` in the app's spelling; the answer may be any status.

        Raises:
            NoAnswer: the connection failed, or the app kept answering 429.
            RunEnds: the run's time is used up, or the endpoint has gone away.
            LeftFromBefore: a create clashed with what an earlier run of the seed left.
        """
        spelled = respell(request, self.spelling)
        if not request.is_write:
            self.grace.before_a_look()
        try:
            exchange = self._twice(spelled)
        except NoAnswer as event:
            self.patience.saw(event.exchange)
            self._still_there(event.exchange)
            raise
        seen = self._seen(spelled, exchange)
        if is_left_from_before(self, seen):
            raise LeftFromBefore
        return seen

    def each(self, wanted: Sequence[ScimRequest]) -> Iterator[Exchange]:
        """Answers to reads that do not depend on each other, in their order, as `send` gives them.

        Sent side by side where the app bears it. What was no answer there is asked again alone, so
        that no verdict rests on how many were sent at once.
        """
        self._check_time()
        self.grace.before_a_look()
        spelled_so = [respell(r, self.spelling) for r in wanted]
        together = () if self._pace else self.crowd.ask(spelled_so, within=self.budget.left)
        self.budget.sent += len(together)
        for request, exchange in zip_longest(wanted, together):
            if exchange is None:
                yield self.send(request)
            elif not is_answer(exchange):
                alone = self.send(request)
                self.crowd.alone(exchange, alone)
                yield alone
            else:
                self._broken = 0
                spelled = respell(request, self.spelling)
                yield self._seen(spelled, self._undisguised(exchange))

    @property
    def paced(self) -> bool:
        """Whether the app has asked for a slower pace."""
        return self._pace > 0

    def _seen(self, request: ScimRequest, exchange: Exchange) -> Exchange:
        """Take note of an answer."""
        if request.is_write and exchange.ok:
            self.grace.wrote()
        self.presence.saw(request, exchange)
        self.patience.saw(exchange)
        self._still_there(exchange)
        return exchange

    def _twice(self, request: ScimRequest) -> Exchange:
        """Send once more what failed in a way that may pass."""
        try:
            exchange = self._once(request)
        except NoAnswer as event:
            if request.method == "POST" or not _may_pass(event.exchange):
                raise
            exchange = self._once(request)
            self.intermittent.append(event.exchange)
        if exchange.status == 429:
            return self._again_slower(request, exchange)
        if exchange.crashed:
            return self._again_after_error(request, exchange)
        return exchange

    def _still_there(self, exchange: Exchange) -> None:
        """Raise `RunEnds` if `exchange` shows that the endpoint answers nothing any more."""
        try:
            lost = self.presence.lost(exchange, self.budget.ask, sleep=self.options.clock.sleep)
        except OutOfTime:
            return  # what `exchange` shows is to be told first
        if lost:
            self._check_time()

    def send_once(self, request: ScimRequest) -> Exchange:
        """Send `request` for a check that counts failures: nothing is retried, and no answer is one.

        Raises:
            OutOfTime: the run's time is used up.
        """
        self._check_time()
        return self.tracker.send(
            request, lambda wanted: self.budget.ask(respell(wanted, self.spelling))
        )

    def send_as(self, request: ScimRequest, credentials: Credentials) -> Exchange:
        """Send with other credentials."""
        self._check_time()
        spelled = respell(request, self.spelling)
        exchange = self.budget.ask(spelled, credentials)
        if exchange.crashed:
            again = self.budget.ask(spelled, credentials)
            if again.status is not None and again.status < 500:
                self.intermittent.append(exchange)
                exchange = again
        if exchange.status not in {401, 403}:
            self._still_there(exchange)
        if exchange.response is None:
            raise NoAnswer(exchange)
        return self._undisguised(exchange)

    def _once(self, request: ScimRequest) -> Exchange:
        self._check_time()
        if self._pace:
            self.options.clock.sleep(self._pace)
        exchange = self.tracker.send(request, self.budget.ask)
        if exchange.response is None or exchange.response.truncated:
            self._broken += 1
            raise NoAnswer(exchange)
        self._broken = 0
        self.crowd.took.append(exchange.elapsed_in_milliseconds)
        return self._undisguised(exchange)

    def _undisguised(self, exchange: Exchange) -> Exchange:
        """Give an error that came with a status of success the status that its body names."""
        error = ScimError.parse(exchange.json) if exchange.ok else None
        if error is None or not error.well_formed or error.status is None or error.status < 400:
            return exchange
        self.disguised.append(exchange)
        response = exchange.response and replace(exchange.response, status=error.status)
        return replace(exchange, response=response)

    def _check_time(self) -> None:
        if self.unreadable:
            raise RunEnds(self.unreadable)
        if self.presence.departure:
            raise RunEnds("the endpoint answers no more (see run/available)")
        if self._worn_out:
            raise RunEnds("the endpoint answered 429 again and again (see run/throttling)")
        impatient = self.patience.over(len(self.intermittent))
        if impatient is not None:
            raise RunEnds(impatient)
        if self.grace.lag and self.grace.slept > self.options.timeout * LONGEST_SLEEP:
            words = f"what was written shows {self.grace.lag:.1f} s later"
            raise RunEnds(f"{words} (see run/consistency); --timeout gives the run more time")
        if self._broken >= _GIVE_UP_AFTER:
            raise RunEnds(f"the endpoint left {self._broken} requests in a row unanswered")
        self.budget.check()
        if not self.options.load:
            self.budget.keep(self.tracker.deletions(retried=bool(self.intermittent)))

    def _again_slower(self, request: ScimRequest, exchange: Exchange) -> Exchange:
        """Wait as told and send again: the app may only be guarding itself against our pace."""
        if self._pace:
            self.throttled.append(exchange)
        for _ in range(2):
            self._wait_out(exchange)
            self._pace = PACED_SECONDS
            exchange = self._once(request)
            if exchange.status != 429:
                return exchange
            self.throttled.append(exchange)
        raise NoAnswer(exchange)

    def _wait_out(self, exchange: Exchange) -> None:
        """Wait as a 429 asks.

        Raises:
            RunEnds: the run has waited enough.
        """
        seconds = min(retry_after(exchange), _LONGEST_WAIT)
        if self._throttled_wait < seconds:
            self._worn_out = True
            self._check_time()
        self._throttled_wait -= seconds
        self.options.clock.sleep(seconds)

    def _again_after_error(self, request: ScimRequest, exchange: Exchange) -> Exchange:
        """Send a failed request once more, to tell a fault from a hiccup."""
        second = self._once(request)
        if second.status is not None and second.status < 500 and second.status != 409:
            self.intermittent.append(exchange)
            return second
        return exchange

    # -- waiting ---------------------------------------------------------------------------

    def settle(self, _write: Exchange, *, brief: bool = False, kind: str = "") -> Iterable[float]:
        """Moments at which to look again for the effect of a write, sleeping in between.

        The first of a `kind` of look is waited for long.
        """
        return self.grace.moments(brief=brief, kind=kind)

    def came_late(self, write: Exchange) -> None:
        """Remember that `write` became visible only after waiting, and be patient from now on."""
        self.delays.append(write)
        self.grace.came_late()

    # -- reading ---------------------------------------------------------------------------

    def query(self, resource: str, text: str, **parameters: str) -> Exchange:
        """A list query with the filter `text`."""
        wanted = [*parameters.items(), ("filter", text)]
        return self.send(requests.get(f"/{resource}", wanted))

    @property
    def nobody(self) -> str:
        """A random name and id that no user has."""
        self.asked.nobody = self.asked.nobody or self.values.guid()
        return self.asked.nobody

    def probe(self) -> Exchange:
        """Test Connection's query for a user whom nobody has; sent once in each spelling."""
        return self.asked.once(
            respell(requests.probe("Users", "userName", self.nobody), self.spelling), self.send
        )

    def unknown(self) -> Exchange:
        """A read by an id that nobody has; sent once in each spelling."""
        return self.asked.once(
            respell(requests.get(f"/Users/{self.nobody}"), self.spelling), self.send
        )

    def patching_nobody(self) -> ScimRequest:
        """A PATCH of a user whom nobody has."""
        body = {"schemas": [urns.PATCH_OP], "Operations": [self.op("replace", "displayName", "x")]}
        return requests.with_body("PATCH", f"/Users/{self.nobody}", body)

    def patch_of_nobody(self) -> Exchange:
        """The answer to a PATCH of a user whom nobody has; sent once in each spelling."""
        return self.asked.once(respell(self.patching_nobody(), self.spelling), self.send)

    def find(self, resource: str, attribute: str, value: str) -> Exchange:
        """Entra's matching query."""
        return self.send(requests.match_query(resource, attribute, value))

    def find_own(self, thing: TestObject, attribute: str, value: str) -> Exchange:
        """The matching query for an object just written, asked again for a while if it is missed."""
        return self._awaited(thing, attribute, value, self.find(thing.resource, attribute, value))

    def find_each(
        self, attribute: str, wanted: Sequence[tuple[TestObject, str]]
    ) -> Iterator[tuple[TestObject, Exchange]]:
        """As `find_own`, for several objects and a value of each."""
        queries = [requests.match_query(t.resource, attribute, value) for t, value in wanted]
        for (thing, value), exchange in zip(wanted, self.each(queries), strict=True):
            yield thing, self._awaited(thing, attribute, value, exchange)

    def _awaited(
        self, thing: TestObject, attribute: str, value: str, exchange: Exchange
    ) -> Exchange:
        if holds(exchange, thing):
            self.grace.prompt(_QUERIED)
        if not exchange.ok or holds(exchange, thing):
            return exchange
        for _ in self.settle(thing.created, kind=_QUERIED):
            exchange = self.find(thing.resource, attribute, value)
            if holds(exchange, thing):
                self.came_late(thing.created)
                break
        return exchange

    def read(self, thing: TestObject) -> Exchange:
        """GET by id, members included; keeps the state of a success."""
        exchange = self.send(_by_id(thing))
        self._keep(thing, exchange)
        return exchange

    def _keep(self, thing: TestObject, exchange: Exchange) -> None:
        """Keep the state that a successful read shows, without members that a create was made with."""
        body = exchange.json
        thing.seen = exchange
        thing.state = body if exchange.ok and isinstance(body, dict) else None
        if thing.state is not None and thing.resource == "Groups" and self.spelling.group_members:
            thing.state = without_members(thing.state, self.spelling.group_members)

    def last_read(self, thing: TestObject) -> Exchange:
        """The read by id that shows the object's state; sent only where that is not known."""
        if thing.seen is None or thing.state is None:
            return self.read(thing)
        self.asked.looked_at.append(thing.seen)
        return thing.seen

    def read_each(self, things: Sequence[TestObject]) -> None:
        """GET several by id."""
        for thing, exchange in zip(things, self.each([_by_id(t) for t in things]), strict=True):
            self._keep(thing, exchange)

    def state(self, thing: TestObject) -> dict[str, Any]:
        """The object as it is in the app now.

        Raises:
            Unavailable: it cannot be read by id.
        """
        if thing.state is None:
            exchange = self.read(thing)
            if thing.state is None:
                raise Unavailable(f"the test object could not be read by id: {exchange.status}")
        return thing.state

    def told(self, thing: TestObject, path: str) -> Any:  # noqa: ANN401 - JSON value
        """A value as the answer to the create shows it; read by id if that does not."""
        body = thing.created.json
        found = value_at(body, path) if isinstance(body, dict) else None
        return value_at(self.state(thing), path) if found is None else found

    # -- creating --------------------------------------------------------------------------

    def create_request(self, resource: str, attributes: dict[str, Any]) -> ScimRequest:
        """Entra's create request, without what the app was found to refuse."""
        make = requests.create_user if resource == "Users" else requests.create_group
        body = dict(make(attributes).json)
        if resource == "Users" and self.spelling.require:
            extra = self.values.person("extra")
            missing = {p: v for p, v in extra.items() if p in self.spelling.require}
            body = {**requests.resource_body({**missing, **attributes}), **body}
        unwanted = self.spelling.omitted(resource)
        kept = {k: v for k, v in body.items() if k not in unwanted}
        if self.spelling.bare_elements:
            kept = {k: bare(v) for k, v in kept.items()}
        if resource == "Groups" and self.spelling.group_members is not None:
            kept.setdefault("members", [{"value": i} for i in self.spelling.group_members])
        kept["schemas"] = [s for s in body["schemas"] if f"schemas:{s}" not in unwanted]
        return requests.with_body("POST", f"/{resource}", kept)

    def create(self, resource: str, attributes: dict[str, Any]) -> TestObject:
        """Create a test object.

        Raises:
            Unavailable: the app refused, or gave no id.
        """
        exchange = self.send(self.create_request(resource, attributes))
        made = self.adopt(exchange, attributes)
        if made is None:
            raise Unavailable(f"no test object could be created: {exchange.status}")
        return made

    def reseed(self, known: Collection[str]) -> None:
        """Go on with other values: those of the seed clash with what an earlier run left.

        Whoever is not `known` was made by the check that begins anew, and goes.
        """
        for resource in ("Groups", "Users"):
            for identifier in self.tracker.ids(resource):
                if identifier not in known:
                    self.send(requests.delete(resource, identifier))
        self.objects = {role: one for role, one in self.objects.items() if one.id in known}
        self.options = replace(self.options, seed=None)
        self.values = Values(domain=self.options.domain)

    def adopt(self, exchange: Exchange, attributes: dict[str, Any]) -> TestObject | None:
        """The object that a create brought about, or `None` if it did not."""
        resource = exchange.request.path.strip("/")
        if not exchange.ok:
            return None
        identifier = created_id(exchange) or self._looked_up(resource, attributes)
        if identifier is None:
            return None
        return TestObject(resource=resource, id=identifier, sent=attributes, created=exchange)

    def _looked_up(self, resource: str, attributes: dict[str, Any]) -> str | None:
        """The id of something whose create gave none back."""
        name = "userName" if resource == "Users" else "displayName"
        found = resources_of(self.find(resource, name, str(attributes.get(name))))
        wanted = str(attributes.get(name)).casefold()
        ids = [r.get("id") for r in found if str(r.get(name)).casefold() == wanted]
        if len(ids) != 1 or ids[0] is None:
            return None
        self.tracker.identify(resource, str(attributes.get(name)), str(ids[0]))
        return str(ids[0])

    def user(self, role: str) -> TestObject:
        """The test user called `role`, made when first asked for; `bare…` ones have the least."""
        if role not in self.objects:
            bare = role.startswith("bare")
            person = self.values.bare_person(role) if bare else self.values.person(role)
            self.objects[role] = self.create("Users", person)
        return self.objects[role]

    def gone(self, role: str) -> None:
        """Take note that a test user is not there any more; the next who asks gets a new one."""
        thing = self.objects.pop(role)
        self.vanished.add(thing.id)
        self.objects["deleted"] = thing

    def remove_objects(self) -> None:
        """Delete every test object: what checks did to them must not be seen by others."""
        self.objects.clear()
        for resource in ("Groups", "Users"):
            for identifier in self.tracker.ids(resource):
                self.send(requests.delete(resource, identifier))

    def group(self, role: str) -> TestObject:
        """The test group called `role`, made when first asked for."""
        key = f"group:{role}"
        if key not in self.objects:
            self.objects[key] = self.create("Groups", self.values.group(role))
        return self.objects[key]

    # -- spelling --------------------------------------------------------------------------

    @property
    def dialect(self) -> Dialect:
        """The dialect that set-up and shared questions use: Entra's default where it is tested."""
        chosen = self.options.dialects
        return Dialect.DEFAULT if Dialect.DEFAULT in chosen else chosen[0]

    def op(self, name: str, path: str | None = None, *value: Any) -> dict[str, Any]:  # noqa: ANN401
        """One PATCH operation in a spelling that the app takes."""
        capital = self.dialect is Dialect.DEFAULT and self.spelling.capital_ops
        capital = capital and name not in self.spelling.lower_ops
        operation: dict[str, Any] = {"op": name.capitalize() if capital else name}
        if path is not None:
            operation["path"] = path
        return operation | ({"value": value[0]} if value else {})

    def boolean(self, value: bool) -> str | bool:
        """A boolean in a spelling that the app takes."""
        text = self.dialect is Dialect.DEFAULT and self.spelling.boolean_text
        return str(value) if text else value

    def fails(self, *checks: str) -> bool:
        """Whether one of these was tried and did not pass; what was not asked for counts as fine."""
        return any(check in self.judged - self.passed for check in checks)

    def is_mapped(self, path: str) -> bool:
        """Whether the tenant's mapping sends this attribute; `True` while no mapping is known."""
        mapping = self.options.schema and self.options.schema.mapping_for(group=False)
        if not mapping:
            return True
        targets = {m.target_attribute_name.casefold() for m in mapping.attribute_mappings}
        return path.casefold() in targets

    def need(self, *paths: str) -> None:
        """Go on only if the app keeps these attributes.

        Raises:
            Unavailable: it was seen not to.
        """
        lost = [path for path in paths if path not in self.kept]
        if lost:
            names = ", ".join(path.removeprefix("group:") for path in lost)
            where = GROUP_STORED if names != ", ".join(lost) else STORED
            raise Unavailable(f"the app does not keep {names} (see {where})")


def _by_id(thing: TestObject) -> ScimRequest:
    return requests.get(requests.object_path(thing.resource, thing.id))


def retry_after(exchange: Exchange) -> float:
    """Seconds that the answer asks to wait; one where it does not say."""
    header = exchange.response.header("retry-after") if exchange.response else None
    return float(header) if header is not None and header.strip().isdecimal() else 1.0


def _may_pass(exchange: Exchange) -> bool:
    """Whether a connection broke that the next request may not break."""
    kinds = {FailureKind.RESET, FailureKind.PROTOCOL, FailureKind.REFUSED}
    return exchange.failure is not None and exchange.failure.kind in kinds
