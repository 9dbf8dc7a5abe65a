"""What honest reviews take in people and acts, and whether each of them closes: the price of the gate, no timing."""

from dataclasses import dataclass
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from domain.model.policy import Policy
from domain.model.taxonomy import Severity
from tests.domain.honest import OrdinaryLife, policy_named

POLICIES = ("standard", "small team", "regulated")


@dataclass
class Group:
    """The lives under one policy, of one severity."""

    lives: list[OrdinaryLife]

    @property
    def dead_ends(self) -> int:
        """How many did not close."""
        return sum(not life.is_closed for life in self.lives)

    def acts(self, calm: bool) -> str:
        """The median, the ninth decile and the most acts, of lives in which nothing went wrong, or something did."""
        told = [life.acts for life in self.lives if calm is (not life.mishaps)]
        if len(told) < 2:
            return "–"
        return f"{median(told):.0f} / {quantiles(told, n=10)[-1]:.0f} / {max(told)}"


def honest(console: Console, lives: int) -> None:
    """Lead so many honest lives in all, and print what they took."""
    each = -(-lives // (len(POLICIES) * len(Severity)))
    table = Table("Policy", "Severity", "Lives", "Dead ends", "People at most", "Acts, calm", "Acts, ordinary")
    for name in POLICIES:
        policy = policy_named(name)
        for severity in Severity:
            group = _led(policy, severity, each)
            people = max(len(life.people) for life in group.lives)
            figures = (str(each), str(group.dead_ends), str(people), group.acts(calm=True), group.acts(calm=False))
            table.add_row(name, severity.value, *figures)
    console.print("\n[bold]Honest lives[/bold]: acts are the median, the ninth decile and the most")
    console.print(table)


def _led(policy: Policy, severity: Severity, lives: int) -> Group:
    return Group([OrdinaryLife(policy, severity, seed).live() for seed in range(lives)])
