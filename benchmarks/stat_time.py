#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long `krunctl stat true` takes beside `perf stat true`: in turn, and the ratio of the medians.

usage: benchmarks/stat_time.py [KRUNCTL [PAIRS]]
"""

import os
import shutil
import statistics
import sys
import time


def seconds(arguments, streams):
    """From the start of a program to its end."""
    start = time.perf_counter()
    process = os.posix_spawnp(arguments[0], arguments, os.environ, file_actions=streams)
    _, status = os.waitpid(process, 0)
    taken = time.perf_counter() - start
    if status != 0:
        sys.exit(f"{' '.join(arguments)} has failed")
    return taken


def main():
    krunctl = sys.argv[1] if len(sys.argv) > 1 else "krunctl"
    pairs = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    for program in (krunctl, "perf"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed")
    commands = {
        "krunctl stat true": [krunctl, "stat", "true"],
        "perf stat true": ["perf", "stat", "true"],
        "true": ["true"],
    }
    nothing = os.open(os.devnull, os.O_RDWR)
    streams = [(os.POSIX_SPAWN_DUP2, nothing, number) for number in range(3)]
    taken = {name: [] for name in commands}
    for _ in range(pairs):
        for name, arguments in commands.items():
            taken[name].append(seconds(arguments, streams))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    for name, median in medians.items():
        print(f"{name:20} {median * 1e3:8.2f} ms (fastest {min(taken[name]) * 1e3:.2f})")
    print(f"ratio of the medians {medians['krunctl stat true'] / medians['perf stat true']:8.2f}")


if __name__ == "__main__":
    main()
