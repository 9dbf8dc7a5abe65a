"""When a server wants to be asked again, as HTTP has it."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def retry_after(text: str | None, now: datetime) -> datetime | None:
    """The moment that a `Retry-After` names: seconds or an HTTP date (RFC 9110, 10.2.3); none where it is neither."""
    if text is None:
        return None
    with suppress(ValueError, OverflowError):
        return now + timedelta(seconds=int(text))
    with suppress(ValueError, OverflowError):
        return parsedate_to_datetime(text).astimezone(UTC)
    return None
