"""The notifier in memory, for tests; it can be broken on purpose."""

from collections.abc import Collection

from domain.ports import RejectedError, TrackerError


class InMemoryNotifier:
    """Keeps what it was given (`domain.ports.Notifier`)."""

    def __init__(self, recipients: Collection[str]) -> None:
        self.recipients = frozenset(recipients)
        self.sent: list[tuple[str, str, str]] = []
        self._failures: list[tuple[TrackerError, bool]] = []

    def fail(self, error: TrackerError, delivered: bool = False) -> None:
        """Let the next message fail like this; `delivered`: it arrives all the same."""
        self._failures.append((error, delivered))

    def send(self, to: str, title: str, text: str) -> None:
        """Keep a message, or fail as was asked. Raises `TrackerError`."""
        if to not in self.recipients:
            raise RejectedError(f"{to} has no channel", untouched=True)
        error, delivered = self._failures.pop(0) if self._failures else (None, True)
        if delivered:
            self.sent.append((to, title, text))
        if error is not None:
            raise error
