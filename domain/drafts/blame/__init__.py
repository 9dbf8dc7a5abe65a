"""The blameless lint: what in a review's text finds fault with people, and the better question to ask. English only."""

from domain.drafts.blame.lint import lint
from domain.drafts.blame.remarks import Field, Level, Remark
from domain.drafts.blame.reminders import only_reminders
from domain.drafts.blame.roles import Roles, handles_in, roles_for

__all__ = ["Field", "Level", "Remark", "Roles", "handles_in", "lint", "only_reminders", "roles_for"]
