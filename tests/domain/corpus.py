"""The yardstick for "nothing has changed": what was decided in 10,000 generated lives, by digest.

`make corpus` plays them again and names those that differ. Where decisions are meant to change, say which in the change
log and record them anew (`make corpus ARGS=--record`). Where only words and names of fields change, the first digest of
each line, which holds what keeps its name for ever, still has to be the same: `make corpus ARGS=--outline`.
"""

import hashlib
import os
import sys
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.domain.lives import Life

FILE = Path(__file__).parent / "corpus.txt"
LIVES, GROUP = 10_000, 20
"""How many lives there are, and how many of them a line of the file stands for."""

Digests = tuple[str, str]
"""Of what keeps its name for ever, and of everything."""


def recorded() -> list[Digests]:
    """What the file says, a line for each group."""
    rows = (line.split() for line in FILE.read_text(encoding="utf-8").splitlines())
    return [(outline, wording) for outline, wording in rows]


def played(group: int) -> Digests:
    """What becomes of the lives of a group now."""
    lives = [Life(seed).live().driver.transcript.digests for seed in range(group * GROUP, (group + 1) * GROUP)]
    outline, wording = (hashlib.sha256("".join(each).encode()).hexdigest()[:16] for each in zip(*lives, strict=True))
    return outline, wording


def main() -> int:
    """Play all lives; compare them with the file, or write it."""
    parser = ArgumentParser(prog="make corpus", description=__doc__)
    parser.add_argument("--record", action="store_true", help="write the file anew")
    parser.add_argument("--outline", action="store_true", help="compare what keeps its name for ever, and no wording")
    wanted = parser.parse_args()
    say = sys.stdout.write
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        now = list(pool.map(played, range(LIVES // GROUP), chunksize=10))
    if wanted.record:
        FILE.write_text("".join(f"{outline} {wording}\n" for outline, wording in now), encoding="utf-8")
        say(f"{LIVES} lives recorded in {FILE.name}\n")
        return 0
    before, kinds = recorded(), 1 if wanted.outline else 2
    other = [group for group, digests in enumerate(now) if digests[:kinds] != before[group][:kinds]]
    for group in other:
        say(f"lives {group * GROUP} to {(group + 1) * GROUP - 1} are decided or told otherwise\n")
    say(f"{LIVES} lives, {len(other)} of {len(now)} groups differ\n")
    return 1 if other else 0


if __name__ == "__main__":
    sys.exit(main())
