"""Runs all benchmarks and prints their ratios: `python -m benchmarks [--lives N] [--events N]`."""

import argparse
import asyncio

from rich.console import Console

from benchmarks.appending import appending
from benchmarks.lifecycles import lifecycles


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=60, help="lifecycles of each kind")
    parser.add_argument("--at-once", type=int, default=12, help="lifecycles that run at the same time")
    parser.add_argument("--events", type=int, default=1500, help="events to append")
    given = parser.parse_args()
    console = Console()
    asyncio.run(lifecycles(console, given.lives, given.at_once))
    appending(console, given.events)


if __name__ == "__main__":
    main()
