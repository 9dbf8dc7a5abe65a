"""Who signs in, and what ends when a person is erased."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from domain.model.taxonomy import Role, Scope
from domain.people.memberships import Held, Identity
from records.accounts.sessions import Pending
from records.store import Records

NOW = datetime(2026, 3, 2, 9, 30, 20, tzinfo=UTC)
ISSUER = "https://login.example.org/realm"
HOUR = timedelta(hours=1)


def identity(subject: str = "s-1", email: str | None = "Ann@example.org", **more: object) -> Identity:
    return Identity.model_validate({"issuer": ISSUER, "subject": subject, "email": email, **more})


def test_the_same_subject_is_the_same_person_whatever_their_address_is(records: Records) -> None:
    first = records.accounts.sign_in(identity(held=Held(roles=(Role.READER,))), NOW)
    again = records.accounts.sign_in(identity(email="ann.new@example.org"), NOW + HOUR)
    assert again.person == first.person
    assert (again.handle, again.email, again.signed_in_at) == ("Ann@example.org", "ann@example.org", NOW + HOUR)
    assert first.held == Held(roles=(Role.READER,))
    assert again.held == Held()


def test_who_was_named_before_is_joined_by_a_verified_address(records: Records) -> None:
    named = records.people.id_of("ann@EXAMPLE.org")
    assert records.accounts.sign_in(identity(), NOW).person == named
    other = identity("s-2").model_copy(update={"issuer": "https://another.example.org"})
    assert records.accounts.sign_in(other, NOW).person == named


def test_an_address_that_nobody_verified_joins_nothing(records: Records) -> None:
    named = records.people.id_of("s-9@login.example.org")
    account = records.accounts.sign_in(identity("s-9", None), NOW)
    assert account.person != named
    assert (account.handle, account.email) == ("s-9 at login.example.org", None)
    assert records.accounts.sign_in(identity("s-9", None), NOW).person == account.person
    assert Identity(issuer="odd", subject="s").handle == "s at odd"


def test_accounts_in_trackers_are_found_both_ways(records: Records) -> None:
    ann = records.accounts.sign_in(identity(github="Octo-Ann", jira="5b11"), NOW).person
    records.accounts.sign_in(identity(), NOW)
    assert records.accounts.account_of(ann, "github") == "Octo-Ann"
    assert records.accounts.account_of(ann, "handle") is None
    assert records.accounts.account_of("p-nobody", "jira") is None
    assert records.accounts.handle_of("octo-ann", "github") == "Ann@example.org"
    assert records.accounts.handle_of("5b12", "jira") is None
    assert records.accounts.handle_of("Ann@example.org", "handle") is None


def test_everybody_is_listed_once(records: Records) -> None:
    records.people.id_of("ben@example.org")
    records.accounts.sign_in(identity(), NOW)
    assert [account.handle for account in records.accounts.all()] == ["Ann@example.org", "ben@example.org"]


def test_a_session_ends_after_its_time_or_where_it_is_not_used(records: Records) -> None:
    person, sessions = records.people.id_of("ann@example.org"), records.sessions
    secret = sessions.begin(person, False, NOW, 8 * HOUR)
    found = sessions.find(secret, NOW, HOUR)
    assert found is not None
    assert (found.person, found.is_local) == (person, False)
    assert sessions.find(secret, NOW + HOUR - timedelta(seconds=1), HOUR) == found
    assert sessions.find(secret, NOW + 1.9 * HOUR, HOUR) == found, "using it keeps it"
    assert sessions.find(secret, NOW + 2.9 * HOUR, HOUR) is None
    assert sessions.find(secret, NOW + 8 * HOUR, 24 * HOUR) is None
    assert sessions.find("guessed", NOW, HOUR) is None


def test_a_session_ends_where_that_is_wanted(records: Records) -> None:
    person, sessions = records.people.id_of("ann@example.org"), records.sessions
    one, two = (sessions.begin(person, True, NOW, HOUR) for _ in range(2))
    sessions.end(one)
    assert [sessions.find(secret, NOW, HOUR) is None for secret in (one, two)] == [True, False]


def test_a_sign_in_is_taken_once_and_in_time(records: Records) -> None:
    pending = Pending(state="state", nonce="nonce", verifier="verifier", go_on="/")
    first, late = (records.sessions.begin_sign_in(pending, NOW) for _ in range(2))
    assert records.sessions.take_sign_in(first, NOW) == pending
    assert records.sessions.take_sign_in(first, NOW) is None
    assert records.sessions.take_sign_in(late, NOW + timedelta(minutes=10)) is None
    assert records.sessions.take_sign_in("guessed", NOW) is None


def test_a_token_is_let_in_until_it_ends_or_is_revoked(records: Records) -> None:
    person, tokens = records.people.id_of("ci@example.org"), records.tokens
    token, secret = tokens.make(person, "p-admin", "deploys", (Scope.WRITE, Scope.READ), NOW, NOW + 2 * HOUR)
    assert secret.startswith("hf_")
    assert len(secret) == 46
    assert token.scopes == (Scope.READ, Scope.WRITE)
    assert tokens.find(secret, NOW) == token
    assert tokens.find(secret + "x", NOW) is None
    assert tokens.find("Bearer", NOW) is None
    assert tokens.find(secret, NOW + 2 * HOUR) is None
    (seen,) = tokens.list(person)
    assert seen.used_at == NOW.replace(minute=0, second=0)
    revoked = tokens.revoke(token.id, NOW + HOUR)
    assert revoked is not None
    assert revoked.revoked_at == NOW + HOUR
    assert tokens.find(secret, NOW) is None
    assert tokens.revoke(token.id, NOW + 2 * HOUR) == revoked
    assert tokens.revoke("t-none", NOW) is None
    assert [t.id for t in tokens.list()] == [token.id]
    assert tokens.list("p-other") == []


def test_it_is_kept_to_the_hour_when_a_token_was_used(records: Records) -> None:
    tokens = records.tokens
    _, secret = tokens.make(records.people.id_of("ci"), "p-1", "x", (Scope.READ,), NOW, NOW + 9 * HOUR)
    for later in (0, 20, 40, 90):
        tokens.find(secret, NOW + timedelta(minutes=later))
    assert tokens.list()[0].used_at == datetime(2026, 3, 2, 11, tzinfo=UTC)


def test_no_secret_is_kept(records: Records) -> None:
    person = records.people.id_of("ann@example.org")
    pending = Pending(state="state", nonce="nonce", verifier="verifier", go_on="/")
    secrets = {
        "sign_ins": records.sessions.begin_sign_in(pending, NOW),
        "sessions": records.sessions.begin(person, False, NOW, HOUR),
        "api_tokens": records.tokens.make(person, person, "x", (Scope.READ,), NOW, NOW + HOUR)[1],
    }
    with records.database.read() as connection:
        for table, secret in secrets.items():
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert rows
            assert secret not in str(rows)
            assert secret.removeprefix("hf_") not in str(rows)


def test_erasing_a_person_ends_their_sessions_and_tokens_and_forgets_who_they_were(records: Records) -> None:
    account = records.accounts.sign_in(identity(github="octo-ann"), NOW)
    session = records.sessions.begin(account.person, False, NOW, HOUR)
    _, token = records.tokens.make(account.person, account.person, "x", (Scope.READ,), NOW, NOW + HOUR)
    records.people.erase_person(account.person)
    assert records.sessions.find(session, NOW, HOUR) is None
    assert records.tokens.find(token, NOW) is None
    assert records.accounts.of(account.person) is None
    assert records.accounts.all() == []
    assert records.accounts.handle_of("octo-ann", "github") is None
    assert records.accounts.sign_in(identity(), NOW).person != account.person
