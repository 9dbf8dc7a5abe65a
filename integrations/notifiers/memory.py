"""The notifier in memory, for tests; it can be broken on purpose."""

from collections.abc import Collection

from domain.trackers.ports import NO_THREADS, RejectedError, Threads, TrackerError


class InMemoryNotifier:
    """Keeps what it was given (`ports.Notifier`). Recipients have these channels that know threads, or none."""

    def __init__(self, recipients: Collection[str], channels: Collection[str] = ()) -> None:
        self.recipients, self.channels = frozenset(recipients), tuple(channels)
        self.sent: list[tuple[str, str, str]] = []
        self.stands: list[Threads] = []
        self._gone: set[str] = set()
        self._failures: list[tuple[TrackerError, bool]] = []

    def fail(self, error: TrackerError, delivered: bool = False) -> None:
        """Let the next message fail like this; `delivered`: it arrives all the same."""
        self._failures.append((error, delivered))

    def end_threads(self) -> None:
        """Let all threads be gone."""
        self._gone |= {thread for stands in self.stands for thread in stands.values()}

    def send(self, to: str, title: str, text: str, threads: Threads = NO_THREADS) -> Threads:
        """Keep a message, or fail as was asked. Raises `TrackerError`."""
        if to not in self.recipients:
            raise RejectedError(f"{to} has no channel", untouched=True)
        error, delivered = self._failures.pop(0) if self._failures else (None, True)
        stands = {channel: self._thread(channel, threads) for channel in self.channels}
        if delivered:
            self.sent.append((to, title, text))
            self.stands.append(stands)
        if error is not None:
            raise error
        return stands

    def _thread(self, channel: str, threads: Threads) -> str:
        """The thread that a message stands in; what begins one is named by its place among all that was sent."""
        known = threads.get(channel)
        return known if known and known not in self._gone else f"{channel} {len(self.sent)}"
