"""A loopback server that takes messages as Apprise's `json://` sends them."""

from typing import Any

from standins.http import Answer, Request, Standin


class Post(Standin):
    """Keeps every message that it takes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[dict[str, Any]] = []

    def truth(self, request: Request) -> Answer:
        self.kept.append(request.body)
        return Answer(200, {})
