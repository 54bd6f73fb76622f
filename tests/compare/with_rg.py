#!/usr/bin/env python3
"""Compares what a scan with every rule costs with what ripgrep takes to look for one pattern.

    cargo build --release
    tests/compare/with_rg.py TREE [--rounds N] [--stanch FILE]

Both run in turn on the same tree, once unmeasured so that the tree is in memory. Told are the medians of
CPU time, wall time and peak memory of the whole process, and their ratios. Times never decide: the exit
code is not zero only when a tool is missing or fails.
"""

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

PATTERN = "ghp_[A-Za-z0-9]{36}"
RELEASE = Path(__file__).resolve().parents[2] / "target" / "release" / "stanch"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tree", type=Path, help="folder to scan, at best without .git folders")
    parser.add_argument("--rounds", type=int, default=7, help="measured runs of each tool (default: 7)")
    parser.add_argument("--stanch", type=Path, default=RELEASE, help="the program (default: the release build)")
    typed = parser.parse_args()
    if typed.rounds < 1:
        sys.exit("with_rg: --rounds takes a number from 1")
    if not typed.tree.is_dir():
        sys.exit(f"with_rg: {typed.tree} is no folder")
    adopt_orphans()
    tree, stanch, rg = str(typed.tree), tool(typed.stanch), tool("rg")
    commands = {
        # What each may exit with: rg says 1 for no match, stanch 3 for something it could not read.
        "stanch": ([stanch, "scan", "--no-ignore", "--fail-on", "never", "--format", "jsonl", tree], {0, 3}),
        "rg": ([rg, "-uuu", "-c", PATTERN, tree], {0, 1}),
    }
    files, size = measure_tree(typed.tree)
    print(f"{files:,} files, {size / 1e6:,.1f} MB; medians of {typed.rounds} rounds on {os.cpu_count()} processors")
    costs = {name: [] for name in commands}
    for round_number in range(typed.rounds + 1):
        for name, (command, good_codes) in commands.items():
            cost = run(name, command, good_codes)
            if round_number > 0:
                costs[name].append(cost)
    show(costs)


def tool(name):
    found = shutil.which(str(name))
    if found is None:
        sys.exit(f"with_rg: {name} is missing")
    return found


def measure_tree(tree):
    """Number and total size in bytes of the regular files below a folder."""
    files = size = 0
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                files += 1
                size += os.lstat(path).st_size
    return files, size


def adopt_orphans():
    """Has the kernel hand us processes whose parent is gone, see prctl(2), PR_SET_CHILD_SUBREAPER."""
    if not sys.platform.startswith("linux") or ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0:
        sys.exit("with_rg: memory is measured in a way that only Linux knows")


def run(name, command, good_codes):
    """CPU time in seconds, wall time in seconds and peak memory in MiB of one run.

    A process counts the memory of whoever it was forked from as its own, and Python's is more than ripgrep's.
    So a shell starts the program and leaves it to us.
    """
    start = time.monotonic()
    shell = ["/bin/sh", "-c", '"$@" > /dev/null 2>&1 & echo $!', "sh", *command]
    pid = int(subprocess.run(shell, stdout=subprocess.PIPE, check=True).stdout)
    _, status, usage = os.wait4(pid, 0)
    wall = time.monotonic() - start
    code = os.waitstatus_to_exitcode(status)
    if code not in good_codes:
        sys.exit(f"with_rg: {name} failed with exit code {code}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def show(costs):
    medians = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in costs.items()}
    print(f"{'':8}{'CPU s':>10}{'wall s':>10}{'peak MiB':>10}")
    for name, (cpu, wall, peak) in medians.items():
        print(f"{name:8}{cpu:10.3f}{wall:10.3f}{peak:10.1f}")
    ratios = [ours / theirs if theirs else float("inf") for ours, theirs in zip(medians["stanch"], medians["rg"])]
    print(f"{'ratio':8}" + "".join(f"{ratio:9.2f}x" for ratio in ratios))


if __name__ == "__main__":
    main()
