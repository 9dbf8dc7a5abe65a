"""The records as one thing: everything that is kept, over one database."""

from domain.catalogue import Catalogue
from domain.places import Routing
from domain.policy import Policy
from records.accounts import Accounts
from records.advance import Advance
from records.asked import AskedOf
from records.attachments import Attachments
from records.audit import Audit
from records.builtin import BuiltinTracker
from records.claims import RecordedClaims
from records.database import Database
from records.drafts import Drafts
from records.engines import Engines
from records.inbox import Inbox
from records.notices import Notices
from records.people import People
from records.read_model import Reviews
from records.search import Search
from records.seen import Seen
from records.sessions import Sessions
from records.tokens import Tokens

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
