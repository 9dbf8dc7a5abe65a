"""The records as one thing: everything that is kept, over one database."""

from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.model.tracker_routing import Routing
from records.accounts.accounts import Accounts
from records.accounts.sessions import Sessions
from records.accounts.tokens import Tokens
from records.advance import Advance
from records.audit import Audit
from records.database import Database
from records.documents.attachments import Attachments
from records.documents.drafts import Drafts
from records.documents.erasable_texts import People
from records.event_log.ownership import Engines
from records.operations.builtin_tracker import BuiltinTracker
from records.operations.claims import RecordedClaims
from records.operations.inbox import Inbox
from records.operations.notifications import Notices
from records.operations.tracker_state import Seen
from records.read_model.reviews import Reviews
from records.read_model.search import Search
from records.read_model.tasks import AskedOf

BUILTIN_ONLY = Routing()


class Records:
    """The parts of the records. Opening them brings the schema to the newest revision.

    Raises `records.database.DatabaseError` where the database cannot be used.
    """

    def __init__(self, database: Database, public_url: str = "") -> None:
        self.database = database
        database.migrate()
        self.reviews = Reviews(database)
        self.reviews.bring_up_to_date()
        self.asked = AskedOf(database)
        self.search = Search(database)
        self.drafts = Drafts(database)
        self.attachments = Attachments(database)
        self.people = People(database)
        self.accounts = Accounts(database)
        self.sessions = Sessions(database)
        self.tokens = Tokens(database)
        self.inbox = Inbox(database)
        self.engines = Engines(database)
        self.claims = RecordedClaims(database)
        self.seen = Seen(database)
        self.notices = Notices(database)
        self.audit = Audit(database)
        self.builtin = BuiltinTracker(database, public_url)

    def advance(self, policy: Policy, catalogue: Catalogue, routing: Routing = BUILTIN_ONLY) -> Advance:
        """The door to the reviews, under the policy, the catalogue and the routes in force."""
        return Advance(self.database, policy, catalogue, routing)
