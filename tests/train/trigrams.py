#!/usr/bin/env python3
"""Counts how often text holds each three characters in a row, and writes src/rules/trigrams.bin.

    tests/train/trigrams.py

The text is what the locked dependencies are written in (`cargo metadata`), so that everyone counts the same.
Characters count as 32 classes: letters without regard to case, digits, `_`, `-`, `.`, white space, and all
others. The file has half a byte for each three classes: the logarithm, to the base of 2, of how often they
stand in 2^22 bytes, rounded, and at most 15; the earlier three in the lower half.
"""

import json
import math
import subprocess
from array import array
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "src" / "rules" / "trigrams.bin"
ENDINGS = {".rs", ".md", ".toml", ".c", ".h", ".js", ".py", ".json", ".yml", ".yaml", ".html", ".sh"}
LETTERS = b"abcdefghijklmnopqrstuvwxyz"
OTHER = 31
SPAN = 2**22


def classes():
    table = bytearray([OTHER] * 256)
    for number, letter in enumerate(LETTERS):
        table[letter] = table[letter - 32] = number
    for number, members in [(26, b"0123456789"), (27, b"_"), (28, b"-"), (29, b"."), (30, b" \t\r\n")]:
        for byte in members:
            table[byte] = number
    return bytes(table)


def texts():
    metadata = json.loads(subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout)
    for package in metadata["packages"]:
        if package["source"] is None:
            continue
        for path in sorted(Path(package["manifest_path"]).parent.rglob("*")):
            if path.suffix in ENDINGS and path.is_file():
                yield path.read_bytes()


def main():
    table = classes()
    counts = array("Q", [0] * 32**3)
    total = 0
    for text in texts():
        text = text.translate(table)
        for a, b, c in zip(text, text[1:], text[2:]):
            counts[a << 10 | b << 5 | c] += 1
        total += len(text)
    levels = [min(15, round(math.log2(count * SPAN / total))) if count * SPAN > total else 0 for count in counts]
    MODEL.write_bytes(bytes(low | high << 4 for low, high in zip(levels[::2], levels[1::2])))
    print(f"{total:,} bytes of text; {MODEL.stat().st_size:,} bytes of counts in {MODEL.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
