"""The blameless lint: what in a review's text finds fault with people, and the better question to ask. English only."""

from domain.blame.lint import lint
from domain.blame.remarks import Field, Level, Remark
from domain.blame.reminders import only_reminders
from domain.blame.roles import Roles, handles_in, roles_for

__all__ = ["Field", "Level", "Remark", "Roles", "handles_in", "lint", "only_reminders", "roles_for"]
