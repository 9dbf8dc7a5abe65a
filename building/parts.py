"""Everything that the durable side is made of, built from settings."""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from activities.sync import SWEEP
from activities.trackers import SETTLE
from building.files import read_catalogue, read_policy, read_routing
from building.recipients import build_book
from building.trackers import build_trackers
from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.model.principal import NOBODY as NO_STANDING
from domain.model.principal import Standing
from domain.model.tracker_routing import Routing
from domain.model.values import PersonId
from domain.people.memberships import Memberships
from domain.people.notifications import Book
from domain.trackers.ports import EvidenceSource, IssueTracker, Notifier
from integrations.evidence import HttpEvidence
from integrations.notifiers.apprise import AppriseNotifier
from records.database import Database
from records.store import Records
from runtime.settings import Settings

NOBODY = Book()
"""Nobody is told anything: the pages alone say what is asked."""


@dataclasses.dataclass(frozen=True)
class Parts:
    """Everything that the durable side is made of, built from settings or by a test."""

    records: Records
    policy: Policy
    catalogue: Catalogue
    trackers: Mapping[str, IssueTracker]
    routing: Routing
    address_of: Callable[[str], str]
    evidence: EvidenceSource = dataclasses.field(default_factory=HttpEvidence)
    settle: timedelta = SETTLE
    sweep_every: timedelta = SWEEP
    new_per_minute: Mapping[str, int] = dataclasses.field(default_factory=dict)
    book: Book = NOBODY
    memberships: Memberships | None = None
    notifier: Notifier = dataclasses.field(default_factory=lambda: AppriseNotifier({}))

    def account_of(self, person: PersonId, tracker: str) -> str | None:
        """How a tracker calls a person: as the catalogue says, else as their identity provider does."""
        handle = self.records.people.handles([person])[person]
        return self.catalogue.account_of(handle, tracker) or self.records.accounts.account_of(person, tracker)

    def handle_of(self, account: str, tracker: str) -> str | None:
        """Whose account that is in a tracker: as the catalogue says, else as their identity provider does."""
        return self.catalogue.handle_of(account, tracker) or self.records.accounts.handle_of(account, tracker)

    def standing_of(self, person: PersonId) -> Standing | None:
        """What somebody may do; none where nobody has to sign in, and so everybody may do everything."""
        if self.memberships is None:
            return None
        account = self.records.accounts.of(person)
        return self.records.accounts.standing(account, self.memberships, datetime.now(UTC)) if account else NO_STANDING

    def person_of(self, account: str, tracker: str) -> tuple[PersonId, bool]:
        """Whose an account is in a tracker, and whether the catalogue says so; else somebody of that name alone."""
        handle = self.catalogue.handle_of(account, tracker)
        return self.records.people.id_of(handle or f"{tracker}:{account}"), handle is not None

    def known_now(self, stranger: PersonId) -> PersonId | None:
        """Who somebody is that was known by an account alone; none while the catalogue does not say so."""
        tracker, _, account = self.records.people.handles([stranger])[stranger].partition(":")
        person, known = self.person_of(account, tracker)
        return person if known and account else None


def build_parts(settings: Settings) -> Parts:
    """The parts that these settings ask for.

    Raises `SettingsError` where a file is wrong, and `records.database.DatabaseError` where the database is.
    """
    policy = read_policy(settings)
    catalogue = read_catalogue(settings.catalogue)
    records = Records(Database(settings.database), settings.url)
    url, trackers = settings.url, build_trackers(settings, records)
    book, channels = build_book(settings, catalogue, records.people)
    return Parts(
        records,
        policy,
        catalogue,
        trackers,
        read_routing(settings, catalogue).model_copy(update={"trackers": tuple(trackers)}),
        lambda review_id: f"{url}/reviews/{review_id}",
        evidence=HttpEvidence(settings.evidence.hosts),
        sweep_every=settings.trackers.sweep_every,
        new_per_minute={
            "github": settings.trackers.github.new_per_minute,
            "jira": settings.trackers.jira.new_per_minute,
        },
        book=book,
        memberships=Memberships.model_validate(settings.sign_in.memberships()) if settings.sign_in.issuer else None,
        notifier=AppriseNotifier(channels),
    )
