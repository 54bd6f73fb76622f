#!/usr/bin/env python3
"""Measures what stanch takes on a repository: all of its history, a commit, a push.

    cargo build --release
    tests/compare/with_git.py REPO [--rounds N] [--commits N] [--decode] [--cat-file] [--stanch FILE]

Measured are `stanch git` on all of REPO, which is not changed, and the memory of its own that this takes; the
same with --cache when nothing changed; a pre-commit scan of ten changed files; the pre-receive scan of a push
of some commits. The latter two run in clones that share the objects of REPO. With --decode, gix decodes every
object in turn with stanch, on one thread and without scanning (the bench `by_gix`); with --cat-file, `git
cat-file --batch-all-objects --batch --buffer` is measured as well. Told are medians of wall and CPU time. Times
never decide: the exit code is not zero only when something fails.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

RELEASE = Path(__file__).resolve().parents[2] / "target" / "release" / "stanch"
CHANGED = 10


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", type=Path, help="a repository with some hundred commits")
    parser.add_argument("--rounds", type=int, default=5, help="measured runs of each (default: 5)")
    parser.add_argument("--commits", type=int, default=100, help="about how many commits are pushed (default: 100)")
    parser.add_argument("--decode", action="store_true", help="compare with gix, which only decodes")
    parser.add_argument("--cat-file", action="store_true", help="measure git cat-file as well, which takes long")
    parser.add_argument("--stanch", type=Path, default=RELEASE, help="the program (default: the release build)")
    typed = parser.parse_args()
    stanch = shutil.which(str(typed.stanch)) or sys.exit(f"with_git: {typed.stanch} is missing")
    repository = typed.repository.resolve()
    with tempfile.TemporaryDirectory(prefix="stanch-compare-") as folder:
        staged = changed_clone(repository, Path(folder) / "staged")
        server, line, quarantine = received_push(repository, Path(folder), typed.commits)
        whole = [stanch, "git", "--fail-on", "never", "--format", "jsonl", str(repository)]
        decoded = []
        if typed.decode:
            history = []
            for _ in range(typed.rounds):
                decoded += measure(bench(), 1, environment={"STANCH_BENCH_REPO": str(repository)})
                history += measure(whole, 1)
            show("gix, which only decodes", decoded)
        else:
            history = measure(whole, typed.rounds)
        show("whole history", history)
        if decoded:
            ratio = median(history, 1) / median(decoded, 1)
            print(f"{'':28}{ratio:12.2f} times the CPU time of gix", flush=True)
        show_memory(whole, repository)
        again = [*whole, f"--cache={folder}/cache"]
        show("unchanged, with --cache", measure(again, max(2, typed.rounds)))
        show(f"pre-commit, {CHANGED} files", measure([stanch, "hook", "pre-commit"], typed.rounds, cwd=staged))
        pushed = git(repository, "rev-list", "--count", f"{line.split()[0]}..{line.split()[1]}").strip()
        received = measure(
            [stanch, "hook", "pre-receive"], typed.rounds, cwd=server, text=line + "\n", environment=quarantine
        )
        show(f"pre-receive, {pushed} commits", received)
        if typed.cat_file:
            cat = ["git", "-C", str(repository), "cat-file", "--batch-all-objects", "--batch", "--buffer"]
            show("git cat-file", measure(cat, 1))


def git(folder, *args, text=None):
    command = ["git", "-C", str(folder), "-c", "core.hooksPath=/dev/null", *args]
    done = subprocess.run(command, input=text, capture_output=True, text=True, errors="surrogateescape")
    if done.returncode != 0:
        sys.exit(f"with_git: {' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def changed_clone(repository, clone):
    """A clone with an index in which some files are changed; nothing is checked out."""
    git(repository, "clone", "--quiet", "--shared", "--no-checkout", str(repository), str(clone))
    git(clone, "read-tree", "HEAD")
    entries = [line.split("\t", 1) for line in git(clone, "ls-files", "--stage").splitlines()]
    files = [(meta.split()[0], path) for meta, path in entries if meta.startswith("100644")]
    for mode, path in files[:: max(1, len(files) // CHANGED)][:CHANGED]:
        text = git(clone, "cat-file", "blob", f"HEAD:{path}") + "changed\n"
        blob = git(clone, "hash-object", "-w", "--stdin", text=text).strip()
        git(clone, "update-index", "--cacheinfo", f"{mode},{blob},{path}")
    return clone


def received_push(repository, folder, commits):
    """A server as its pre-receive hook sees it: without the last commits, which lie in a folder of their own."""
    new = git(repository, "rev-parse", "HEAD").strip()
    old = git(repository, "rev-parse", f"HEAD~{max(1, commits // 4)}").strip()
    server, quarantine = folder / "server.git", folder / "quarantine"
    (quarantine / "pack").mkdir(parents=True)
    git(repository, "init", "--quiet", "--bare", str(server))
    # What the server has: a pack with all that the old commit leads to. What came: a pack of the rest.
    for tips, packs in ((f"{old}\n", server / "objects" / "pack"), (f"{new}\n^{old}\n", quarantine / "pack")):
        git(repository, "pack-objects", "--quiet", "--revs", "--missing=allow-any", str(packs / "pack"), text=tips)
    git(server, "update-ref", "refs/heads/main", old)
    environment = {
        "GIT_DIR": ".",
        "GIT_QUARANTINE_PATH": str(quarantine),
        "GIT_OBJECT_DIRECTORY": str(quarantine),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(server / "objects"),
    }
    return server, f"{old} {new} refs/heads/main", environment


def bench():
    """The bench that lets gix decode every object."""
    build = ["cargo", "bench", "--quiet", "--bench", "git", "--no-run", "--message-format", "json"]
    done = subprocess.run(build, capture_output=True, text=True, cwd=Path(__file__).parent)
    built = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    is_bench = lambda message: "bench" in message.get("target", {}).get("kind", [])
    programs = [message["executable"] for message in built if is_bench(message) and message.get("executable")]
    if not programs:
        sys.exit(f"with_git: the bench cannot be built: {done.stderr.strip()}")
    return [programs[-1], "--bench", "by_gix", "--sample-count", "1", "--sample-size", "1"]


def show_memory(command, repository):
    """The most memory of its own that a run takes: without files that are mapped, as the system tells it."""
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most, status = 0, Path(f"/proc/{child.pid}/status")

    def watch():
        nonlocal most
        while child.returncode is None:
            try:
                lines = status.read_text().splitlines()
            except OSError:
                return
            own = [int(line.split()[1]) for line in lines if line.startswith("RssAnon:")]
            most = max([most, *own])
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    child.wait()
    watcher.join()
    packed = git(repository, "count-objects", "-v").splitlines()
    counts = {name: int(value.split()[0]) for name, value in (line.split(": ") for line in packed)}
    objects = counts["count"] + counts["in-pack"]
    print(f"{'memory of its own':28}{most / 1024:12.1f} MiB for {objects:,} objects", flush=True)


def measure(command, rounds, cwd=None, text="", environment=None):
    """Wall and CPU time in seconds of each run but the first, which is not measured."""
    runs = []
    for number in range(rounds + 1 if rounds > 1 else 1):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            command,
            cwd=cwd,
            input=text.encode(),
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in (0, 1, 3):
            sys.exit(f"with_git: {' '.join(command)} failed with exit code {done.returncode}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if number > 0 or rounds == 1:
            runs.append((wall, cpu))
    return runs


def median(runs, column):
    return statistics.median(run[column] for run in runs)


def show(name, runs):
    wall, cpu = median(runs, 0), median(runs, 1)
    print(f"{name:28}{wall * 1000:12.1f} ms wall{cpu * 1000:12.1f} ms CPU", flush=True)


if __name__ == "__main__":
    main()
