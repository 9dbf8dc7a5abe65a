"""Who signs in: which person they are, and what was last said of them."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from domain.model.principal import Standing
from domain.model.values import PersonId, Record, Utc
from domain.people.memberships import Held, Identity, Memberships
from records import tables
from records.database import Database, insert_once
from records.documents.erasable_texts import person_id

_PEOPLE = tables.people


class Account(Record):
    """A person as they are known: what the identity provider said of them at `signed_in_at`, if it ever did."""

    person: PersonId
    handle: str
    email: str | None
    github: str | None
    jira: str | None
    held: Held | None
    signed_in_at: Utc | None


class Accounts:
    """The one record of each person, found by what they are called anywhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sign_in(self, identity: Identity, now: datetime) -> Account:
        """The person who signs in, with what is said of them now.

        The same subject of the same issuer is the same person for ever; otherwise the same verified e-mail address is.
        An address that nobody has verified joins nothing.
        """
        with self._database.write() as connection:
            person = _known(connection, identity) or _joined(connection, identity)
            said = {"held": identity.held.model_dump_json(), "signed_in_at": now}
            said |= {name: value for name in ("github", "jira") if (value := getattr(identity, name))}
            connection.execute(update(_PEOPLE).where(_PEOPLE.c.id == person).values(said))
            account = _account(connection, person)
        assert account is not None  # a person who has just signed in was not erased in the same transaction
        return account

    def of(self, person: PersonId) -> Account | None:
        """What is known of a person; none for one who was erased."""
        with self._database.read() as connection:
            return _account(connection, person)

    def standing(self, account: Account, memberships: Memberships, now: datetime) -> Standing:
        """Where somebody stands at `now` (UTC), by what was last said of them and what is given by handle."""
        standing = memberships.standing(account.handle, account.held, account.signed_in_at, now, None)
        made, for_whom = tables.api_tokens.c.made_by, tables.api_tokens.c.person
        others = select(for_whom).where(made == account.person, for_whom != account.person).distinct()
        with self._database.read() as connection:
            stands_for = tuple(connection.execute(others.order_by(for_whom)).scalars())
        return standing.model_copy(update={"stands_for": stands_for})

    def all(self) -> list[Account]:
        """Everybody who was not erased, by handle."""
        with self._database.read() as connection:
            ids = connection.execute(
                select(_PEOPLE.c.id).where(_PEOPLE.c.handle.is_not(None)).order_by(_PEOPLE.c.folded)
            )
            return [account for id in ids.scalars().all() if (account := _account(connection, id))]

    def account_of(self, person: PersonId, tracker: str) -> str | None:
        """How a tracker calls a person, as far as the identity provider says so."""
        account = self.of(person)
        return getattr(account, tracker, None) if tracker in _ACCOUNTS else None

    def handle_of(self, called: str, tracker: str) -> str | None:
        """Whose account that is in a tracker, as far as the identity provider says so."""
        column = _ACCOUNTS.get(tracker)
        if column is None:
            return None
        with self._database.read() as connection:
            rows = connection.execute(select(_PEOPLE.c.handle, column).where(column.is_not(None)))
            return next((row[0] for row in rows if row[1].casefold() == called.casefold()), None)


_ACCOUNTS = {"github": _PEOPLE.c.github, "jira": _PEOPLE.c.jira}


def _known(connection: Connection, identity: Identity) -> PersonId | None:
    table = tables.identities
    query = select(table.c.person).where(table.c.issuer == identity.issuer, table.c.subject == identity.subject)
    return connection.execute(query).scalar_one_or_none()


def _joined(connection: Connection, identity: Identity) -> PersonId:
    """The person with this verified address, else a new one; from now on known by the identity."""
    folded = identity.email.casefold() if identity.email else None
    person = None
    if folded:
        person = connection.execute(select(_PEOPLE.c.id).where(_PEOPLE.c.email == folded)).scalar_one_or_none()
    person = person or person_id(connection, identity.handle)
    if folded:
        mine = update(_PEOPLE).where(_PEOPLE.c.id == person, _PEOPLE.c.email.is_(None))
        connection.execute(mine.values(email=folded))
    known = {"issuer": identity.issuer, "subject": identity.subject, "person": person}
    insert_once(connection, tables.identities, [known])
    return person


def _account(connection: Connection, person: PersonId) -> Account | None:
    row = connection.execute(select(_PEOPLE).where(_PEOPLE.c.id == person)).one_or_none()
    if row is None or row.handle is None:
        return None
    return Account(
        person=row.id,
        handle=row.handle,
        email=row.email,
        github=row.github,
        jira=row.jira,
        held=Held.model_validate_json(row.held) if row.held else None,
        signed_in_at=row.signed_in_at,
    )
