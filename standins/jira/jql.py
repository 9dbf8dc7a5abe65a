"""As much JQL as a tracker's client needs: restrictions joined by AND, and an order. All else is refused by name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from standins.jira.state import Issue

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class JqlError(Exception):
    """The query is not understood; the message says what of it."""


@dataclass(frozen=True)
class Query:
    """What to look for; `projects` and `ids` are those named, for whoever knows which exist."""

    tests: tuple[Callable[[Issue], bool], ...]
    order: tuple[tuple[str, bool], ...]  # field, descending
    projects: tuple[str, ...]
    ids: tuple[str, ...]

    def of(self, issues: list[Issue]) -> list[Issue]:
        """Those that the query finds, in its order; without one, the youngest first."""
        found = sorted((i for i in issues if all(test(i) for test in self.tests)), key=_order["id"], reverse=True)
        for name, descending in reversed(self.order):
            found.sort(key=_order[name], reverse=descending)
        return found


_order: dict[str, Callable[[Issue], Any]] = {
    "id": lambda issue: int(issue.id),
    "key": lambda issue: (issue.project.key, int(issue.key.split("-")[-1])),
    "updated": lambda issue: issue.updated,
    "created": lambda issue: issue.created,
}


def parse(jql: str, now: datetime, zone: tzinfo, id_of: Callable[[str], str]) -> Query:
    """Read a query. Its dates are meant in the asking account's time zone, to the minute. Raises `JqlError`.

    `id_of` tells the id of an issue by its key, or by one that it had.
    """
    words = re.sub(r"\s+", " ", jql.strip())
    where, order = [*re.split(r"\border by ", words, maxsplit=1, flags=re.IGNORECASE), ""][:2]
    tests: list[Callable[[Issue], bool]] = []
    projects: list[str] = []
    ids: list[str] = []
    for clause in re.split(r" AND (?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", where.strip(), flags=re.IGNORECASE):
        if not clause:
            continue
        if found := re.fullmatch(r"project ?= ?\"?([\w-]+)\"?", clause, re.IGNORECASE):
            projects.append(found[1])
            tests.append(_equals_project(found[1]))
        elif found := re.fullmatch(r"labels ?= ?(?:\"([^\"]+)\"|([\w.:-]+))", clause, re.IGNORECASE):
            tests.append(_has_label(found[1] or found[2]))
        elif found := re.fullmatch(r"labels in ?\(([^)]+)\)", clause, re.IGNORECASE):
            tests.append(_has_any_label(_values(found[1])))
        elif found := re.fullmatch(r"(updated|created) ?(>=|>|<=|<) ?\"?([^\"]+)\"?", clause, re.IGNORECASE):
            tests.append(_compares(found[1].lower(), found[2], _moment(found[3], now, zone)))
        elif found := re.fullmatch(r"(?:id|key|issue|issuekey) ?(?:in ?\(([^)]*)\)|= ?(\S+))", clause, re.IGNORECASE):
            wanted = _values(found[1] or found[2])
            ids += wanted
            tests.append(_is_one_of({id_of(said) for said in wanted}))
        else:
            raise JqlError(f"Error in the JQL Query: this stand-in does not understand '{clause}'.")
    return Query(tuple(tests), tuple(_orders(order)), tuple(projects), tuple(ids))


def _values(inside: str) -> list[str]:
    return [value.strip().strip("\"'") for value in inside.split(",") if value.strip()]


def _orders(order: str) -> list[tuple[str, bool]]:
    found = []
    for part in filter(None, (p.strip() for p in order.split(","))):
        name, _, direction = part.lower().partition(" ")
        if name not in _order or direction not in ("", "asc", "desc"):
            raise JqlError(f"Error in the JQL Query: this stand-in does not order by '{part}'.")
        found.append((name, direction == "desc"))
    return found


def _moment(said: str, now: datetime, zone: tzinfo) -> datetime:
    if relative := re.fullmatch(r"-(\d+)([mhdw])", said):
        return now - timedelta(**{_UNITS[relative[2]]: int(relative[1])})
    for form in ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(said, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise JqlError(
        f"Date value '{said}' for field 'updated' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )


def _equals_project(key: str) -> Callable[[Issue], bool]:
    return lambda issue: key in (issue.project.key, issue.project.id, issue.project.name)


def _has_label(label: str) -> Callable[[Issue], bool]:
    return lambda issue: label in issue.labels


def _has_any_label(labels: list[str]) -> Callable[[Issue], bool]:
    return lambda issue: not set(labels).isdisjoint(issue.labels)


def _is_one_of(wanted: set[str]) -> Callable[[Issue], bool]:
    return lambda issue: issue.id in wanted


def _compares(name: str, sign: str, moment: datetime) -> Callable[[Issue], bool]:
    def test(issue: Issue) -> bool:
        at: datetime = getattr(issue, name)
        return {">=": at >= moment, ">": at > moment, "<=": at <= moment, "<": at < moment}[sign]

    return test
