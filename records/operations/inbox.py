"""The inbox: every delivery from outside is kept here before it is acknowledged.

It is finished only by the transaction that records it, or explicitly ignores it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, bindparam, func, select, text, update

from domain.lifecycle.events import ReviewSucceeded
from domain.lifecycle.incident_routing import RoutedReview, route
from domain.lifecycle.incident_routing import review_id as own_review
from domain.lifecycle.inputs import HarmReported, IncidentTold, Input
from domain.model.review import BY_HAND, Incident, Review
from domain.model.taxonomy import IncidentStatus, Severity, Stage
from domain.model.values import Record, TextRef, Utc
from records import tables
from records.database import Database, insert_once
from records.read_model.projection import source_key

SEND_AGAIN = timedelta(seconds=30)
"""A delivery that was sent and is not finished after this long is sent again, and then after twice as long each time.

Hearing it twice is hearing it once.
"""

LOOK_AGAIN = timedelta(seconds=2)
"""How long a delivery that waits for its review is left alone at first, so that many of them hold nothing up."""

LOOK_AT_LEAST = timedelta(minutes=10)
"""How long at most: an incident may stay open for months, and what was told of it is not forgotten."""


class DeliveryState(StrEnum):
    NEW = "new"
    WAITING = "waiting"
    SENT = "sent"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"


class Delivery(Record):
    """A delivery as the inbox keeps it."""

    delivery_id: str
    source: str
    kind: str
    state: DeliveryState
    review_id: str | None
    received_at: Utc
    note: str | None


class Outgoing(Record):
    """A delivery that is to be sent to its review now."""

    review_id: str
    input: Input


class OpenIncident(Record):
    """An incident that is open at its source and has no review yet, as it was told last."""

    incident: str = Field(description="its source, a colon, and its id there")
    title: TextRef
    service: str
    severity: Severity
    since: Utc = Field(description="when it began; else when it was told first")
    as_of: Utc
    url: str | None


class Inbox:
    """Deliveries on their way to their reviews."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def receive(self, source: str, kind: str, input: Input, review_id: str | None = None) -> bool:
        """Keep a delivery; false where it is here already. `review_id` is none where the incident has to be routed."""
        with self._database.write() as connection:
            return _keep(connection, source, kind, input.id, review_id=review_id, body=input.model_dump_json())

    def ignore(self, source: str, kind: str, delivery_id: str, because: str) -> bool:
        """Keep a note that a delivery came and asks for nothing; false where it is here already."""
        with self._database.write() as connection:
            return _keep(connection, source, kind, delivery_id, state=DeliveryState.IGNORED, note=because)

    def outgoing(self, limit: int = 100) -> Sequence[Outgoing]:
        """Route what is new or waiting, and give out what is to be sent now, oldest first."""
        now = datetime.now(UTC)
        with self._database.write() as connection:
            self._lock(connection)
            self._route(connection, now, limit)
            rows = connection.execute(
                select(tables.inbox)
                .where(
                    tables.inbox.c.review_id.is_not(None),
                    (tables.inbox.c.state == DeliveryState.NEW)
                    | ((tables.inbox.c.state == DeliveryState.SENT) & (tables.inbox.c.look_at < now)),
                )
                .order_by(tables.inbox.c.position)
                .limit(limit)
            )
            return [Outgoing(review_id=row.review_id, input=Input.model_validate_json(row.body)) for row in rows]

    def _lock(self, connection: Connection) -> None:
        """Two dispatchers must not route two incidents with the same key at the same moment."""
        if self._database.is_postgres:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('holdfast inbox'))"))

    def _route(self, connection: Connection, now: datetime, limit: int) -> None:
        unrouted = connection.execute(
            select(tables.inbox)
            .where(
                tables.inbox.c.review_id.is_(None),
                (tables.inbox.c.state == DeliveryState.NEW)
                | ((tables.inbox.c.state == DeliveryState.WAITING) & (tables.inbox.c.look_at < now)),
            )
            .order_by(tables.inbox.c.state, tables.inbox.c.look_at, tables.inbox.c.position)  # what is new first
            .limit(limit)
        ).all()
        for row in unrouted:
            told = Input.model_validate_json(row.body).body
            assert isinstance(told, IncidentTold)
            review_id = _review_for(connection, told.incident)
            pause = min(max(LOOK_AGAIN, (now - row.received_at) / 20), LOOK_AT_LEAST)
            changes: dict[str, object] = {"state": DeliveryState.WAITING, "look_at": now + pause}
            if review_id is not None:
                changes = {"review_id": review_id, "state": DeliveryState.NEW}
                key = source_key(told.incident.source, told.incident.key)
                fresh = {"incident": told.incident.ref, "review_id": review_id, "source_key": key}
                insert_once(connection, tables.routes, [fresh])
            connection.execute(update(tables.inbox).where(tables.inbox.c.position == row.position).values(changes))

    def sent(self, delivery_id: str) -> None:
        """Note that a delivery was handed to the engine. It is not finished by that."""
        now, which = datetime.now(UTC), tables.inbox.c.delivery_id == delivery_id
        with self._database.write() as connection:
            received = connection.execute(select(tables.inbox.c.received_at).where(which)).scalar_one()
            connection.execute(
                update(tables.inbox)
                .where(which, tables.inbox.c.state.in_([DeliveryState.NEW, DeliveryState.SENT]))
                .values(state=DeliveryState.SENT, look_at=now + max(SEND_AGAIN, now - received))
            )

    def send_all_again(self) -> int:
        """Make every delivery that no transaction has finished new again; how many there are."""
        with self._database.write() as connection:
            return connection.execute(
                update(tables.inbox)
                .where(
                    tables.inbox.c.state.in_([DeliveryState.SENT, DeliveryState.FAILED]),
                    tables.inbox.c.body.is_not(None),
                )
                .values(state=DeliveryState.NEW)
            ).rowcount

    def unfinished(self) -> int:
        """How many deliveries are still on their way (waiting ones are not)."""
        with self._database.read() as connection:
            query = select(func.count()).select_from(tables.inbox)
            on_the_way = tables.inbox.c.state.in_([DeliveryState.NEW, DeliveryState.SENT])
            return connection.execute(query.where(on_the_way)).scalar_one()

    def open_incidents(self) -> Sequence[OpenIncident]:
        """The incidents that no review has begun for, since they are open: the gravest first, then the longest open."""
        with self._database.read() as connection:
            waiting = (tables.inbox.c.state == DeliveryState.WAITING) & tables.inbox.c.review_id.is_(None)
            query = select(tables.inbox.c.body).where(waiting).order_by(tables.inbox.c.position)
            told: dict[str, list[Incident]] = {}
            for body in connection.execute(query).scalars():
                fact = Input.model_validate_json(body).body
                assert isinstance(fact, IncidentTold)
                told.setdefault(fact.incident.ref, []).append(fact.incident)
            routed = select(tables.routes.c.incident).where(tables.routes.c.incident.in_(list(told)))
            begun = set(connection.execute(routed).scalars())
        found = [_open_incident(tellings) for ref, tellings in told.items() if ref not in begun]
        return sorted(found, key=lambda one: (one.severity, one.since))

    def list(self, limit: int = 200) -> Sequence[Delivery]:
        """The newest deliveries, newest first."""
        fields = [tables.inbox.c[name] for name in Delivery.model_fields]
        with self._database.read() as connection:
            rows = connection.execute(select(*fields).order_by(tables.inbox.c.position.desc()).limit(limit))
            return [Delivery.model_validate(dict(row._mapping)) for row in rows]


def _open_incident(told: Sequence[Incident]) -> OpenIncident:
    last = max(told, key=lambda incident: incident.as_of)
    return OpenIncident(
        incident=last.ref,
        title=last.title,
        service=last.service,
        severity=last.severity,
        since=last.began or min(incident.as_of for incident in told),
        as_of=last.as_of,
        url=last.url,
    )


_FINISH = (
    update(tables.inbox)
    .where(tables.inbox.c.delivery_id == bindparam("delivery"))
    .values(state=bindparam("state"), finished_at=bindparam("finished_at"))
)


def _keep(
    connection: Connection,
    source: str,
    kind: str,
    delivery_id: str,
    *,
    state: DeliveryState = DeliveryState.NEW,
    review_id: str | None = None,
    body: str | None = None,
    note: str | None = None,
) -> bool:
    """Keep a delivery; false where one of that id is here already."""
    is_new = _count(connection, delivery_id) == 0
    row = {
        "delivery_id": delivery_id,
        "source": source,
        "kind": kind,
        "review_id": review_id,
        "body": body,
        "state": state,
        "received_at": datetime.now(UTC),
        "note": note,
    }
    insert_once(connection, tables.inbox, [row])
    return is_new


def begin_successor(connection: Connection, review: Review, event: ReviewSucceeded) -> None:
    """Let the review that follows begin, in the transaction that records it; its incident is told to it from now on."""
    told = HarmReported(incident=event.incident, follows=review.id, private_to=review.private_to)
    input = Input(id=f"follows:{review.id}", body=told)
    body = input.model_dump_json()
    _keep(connection, "holdfast", told.type, input.id, review_id=event.successor, body=body)
    connection.execute(
        update(tables.routes).where(tables.routes.c.incident == event.incident.ref).values(review_id=event.successor)
    )


def tell_alone(connection: Connection, review: Review, incident: Incident) -> None:
    """Let an incident that was taken out of a review stand for itself: its own review judges whether it is one.

    What people told of by hand, and it is open still, is nobody's to end but theirs.
    """
    is_over = incident.status is IncidentStatus.RESOLVED
    if not is_over and incident.source == BY_HAND:
        return
    input = Input(id=f"alone:{review.id}:{incident.ref}@{review.seq}"[:200], body=IncidentTold(incident=incident))
    own = own_review(incident.source, incident.id) if is_over else None
    _keep(connection, "holdfast", "incident_told", input.id, review_id=own, body=input.model_dump_json())


def finish(connection: Connection, delivery_id: str) -> None:
    """Note, in the transaction that records or ignores it, that a delivery is finished."""
    connection.execute(
        _FINISH, {"delivery": delivery_id, "state": DeliveryState.DONE, "finished_at": datetime.now(UTC)}
    )


def set_aside(connection: Connection, delivery_id: str, because: str) -> None:
    """Note that a delivery cannot be heard, and is not sent any more. It stays, for whoever mends the fault."""
    connection.execute(
        update(tables.inbox)
        .where(tables.inbox.c.delivery_id == delivery_id)
        .values(state=DeliveryState.FAILED, finished_at=datetime.now(UTC), note=because)
    )


def _count(connection: Connection, delivery_id: str) -> int:
    query = select(func.count()).select_from(tables.inbox).where(tables.inbox.c.delivery_id == delivery_id)
    return connection.execute(query).scalar_one()


def routed_to(connection: Connection, incident: str) -> str | None:
    """The review that hears of an incident (named by its `ref`)."""
    found = _routed(connection, tables.routes.c.incident == incident)
    return found[0].review if found else None


def _review_for(connection: Connection, incident: Incident) -> str | None:
    known = _routed(connection, tables.routes.c.incident == incident.ref)
    key = source_key(incident.source, incident.key)
    keyed = _routed(connection, tables.routes.c.source_key == key) if key is not None else []
    return route(incident.source, incident.id, incident.status, known[0] if known else None, keyed)


def _routed(connection: Connection, which: ColumnElement[bool]) -> list[RoutedReview]:
    rows = connection.execute(
        select(tables.routes.c.review_id, tables.reviews.c.stage)
        .outerjoin(tables.reviews, tables.reviews.c.review_id == tables.routes.c.review_id)
        .where(which)
        .distinct()
    )
    return [RoutedReview(review=row.review_id, stage=Stage(row.stage) if row.stage else None) for row in rows]
