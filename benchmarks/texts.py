"""English texts that differ from each other, so that none is found again instead of spoken."""

import random

_PEOPLE = [
    "the guide",
    "a visitor",
    "the gardener",
    "our teacher",
    "the captain",
    "a painter",
    "the baker",
    "somebody",
    "the doctor",
    "a child",
]
_ACTS = [
    "opened",
    "remembered",
    "carried",
    "described",
    "followed",
    "repaired",
    "noticed",
    "counted",
    "painted",
    "discovered",
    "kept",
    "measured",
]
_THINGS = [
    "the old staircase",
    "a letter from the coast",
    "seven wooden boats",
    "the northern gallery",
    "a map of the valley",
    "the clock above the door",
    "two silver coins",
    "the first steam engine",
    "a jar of honey",
    "the garden behind the wall",
    "an early recording",
]
_TIMES = [
    "in the morning",
    "before the war",
    "after the long winter",
    "on the second floor",
    "every other year",
    "without a word",
    "in 1874",
    "while it rained",
    "near the entrance",
    "as everybody did",
]


def text_of(characters: int, seed: str) -> str:
    """Return exactly so many characters of sentences; another seed gives another text."""
    chance = random.Random(seed)
    sentences = [f"This is text {seed}."]
    while sum(map(len, sentences)) + len(sentences) <= characters:
        words = [chance.choice(part) for part in (_PEOPLE, _ACTS, _THINGS, _TIMES)]
        sentences.append(" ".join(words).capitalize() + ".")
    return " ".join(sentences)[: characters - 1].rstrip(" .").ljust(characters - 1, "e") + "."
