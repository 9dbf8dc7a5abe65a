"""Runs all benchmarks, or those that are asked for, and prints their ratios: `python -m benchmarks --help`."""

import argparse
import asyncio

from rich.console import Console

from benchmarks.appending import appending
from benchmarks.honest import honest
from benchmarks.lifecycles import lifecycles
from benchmarks.looking import hearing, looking
from benchmarks.pages import pages

BENCHMARKS = ("lifecycles", "appending", "looking", "hearing", "pages", "honest")


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=60, help="lifecycles of each kind")
    parser.add_argument("--at-once", type=int, default=12, help="lifecycles that run at the same time")
    parser.add_argument("--events", type=int, default=1500, help="events to append")
    parser.add_argument("--items", type=int, default=10_000, help="items whose issues are looked at")
    parser.add_argument("--changed", type=int, default=100, help="issues that changed")
    parser.add_argument("--closes", type=int, default=50, help="closed issues of each tracker that are waited for")
    parser.add_argument("--reviews", type=int, default=20_000, help="reviews of which pages are asked")
    parser.add_argument("--requests", type=int, default=60, help="requests for each page")
    parser.add_argument("--honest", type=int, default=2000, help="reviews that honest people lead")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="one of them; again for another one")
    given = parser.parse_args()
    console, chosen = Console(), given.only or BENCHMARKS
    if "lifecycles" in chosen:
        asyncio.run(lifecycles(console, given.lives, given.at_once))
    if "appending" in chosen:
        appending(console, given.events)
    if "looking" in chosen:
        looking(console, given.items, given.changed)
    if "hearing" in chosen:
        asyncio.run(hearing(console, given.closes))
    if "pages" in chosen:
        asyncio.run(pages(console, given.reviews, given.requests))
    if "honest" in chosen:
        honest(console, given.honest)


if __name__ == "__main__":
    main()
