#!/usr/bin/env python3
"""Learns how people spell names and words, and writes src/judge/words.bin.

    tests/train/words.py

The text is what the locked dependencies are written in (`cargo metadata`), so that everyone learns the same. Of
it count the words of letters, digits, `_` and `-` that begin with a letter and stand in it more than once (random
values mostly do not), each by the logarithm of how often.

The file has first the costs of passing from one class of characters to the next, in sixteenths of a bit, one byte
each: from the edge, lower case, upper case, digits and others, to the same. Then, half a byte each, the costs of a
letter after two others in whole bits, at most 15: 27 x 27 x 26 of them, the edge (whatever is no letter) coming
last; the earlier of two in the lower half.
"""

import math
import re
from collections import Counter
from pathlib import Path

from trigrams import ROOT, texts

MODEL = ROOT / "src" / "judge" / "words.bin"
WORD = re.compile(rb"(?<![A-Za-z0-9_-])[A-Za-z][A-Za-z0-9_-]{2,39}(?![A-Za-z0-9_-])")
EDGE = 26
CLASSES = 5
# How much a count weighs against what fewer characters say.
BACKOFF = 4


def class_of(byte):
    letter = chr(byte)
    return 1 if letter.islower() else 2 if letter.isupper() else 3 if letter.isdigit() else 4


def letter_of(byte):
    return byte - ord("a") if chr(byte).islower() else byte - ord("A") if chr(byte).isupper() else EDGE


def learn(words):
    steps = [[1.0] * CLASSES for _ in range(CLASSES)]
    three = [[[0.0] * 26 for _ in range(27)] for _ in range(27)]
    two = [[0.0] * 26 for _ in range(27)]
    one = [1.0] * 26
    for word, count in words.items():
        weight = math.log2(count)
        before, a, b = 0, EDGE, EDGE
        for byte in word:
            kind, letter = class_of(byte), letter_of(byte)
            steps[before][kind] += weight
            if letter != EDGE:
                three[a][b][letter] += weight
                two[b][letter] += weight
                one[letter] += weight
            before, a, b = kind, b, letter
        steps[before][0] += weight
    return steps, three, two, one


def costs(steps, three, two, one):
    for row in steps:
        yield from (min(255, round(-16 * math.log2(count / sum(row)))) for count in row)
    by_one = [count / sum(one) for count in one]
    levels = []
    for a in range(27):
        for b in range(27):
            for letter in range(26):
                by_two = (two[b][letter] + BACKOFF * by_one[letter]) / (sum(two[b]) + BACKOFF)
                by_three = (three[a][b][letter] + BACKOFF * by_two) / (sum(three[a][b]) + BACKOFF)
                levels.append(min(15, round(-math.log2(by_three))))
    yield from (low | high << 4 for low, high in zip(levels[::2], levels[1::2]))


def main():
    words = Counter()
    for text in texts():
        words.update(WORD.findall(text))
    words = Counter({word: count for word, count in words.items() if count > 1})
    MODEL.write_bytes(bytes(costs(*learn(words))))
    print(f"{len(words):,} words; {MODEL.stat().st_size:,} bytes in {MODEL.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
