"""Text that came over the wire, made fit to be shown."""

from typing import Final

LONGEST_NAME: Final = 40


def printable(text: str, keep: str = "") -> str:
    """The text without control characters, which might do something to a terminal; a `?` for each.

    Args:
        text: anything.
        keep: what may stay all the same, such as line ends.
    """
    return "".join(letter if letter.isprintable() or letter in keep else "?" for letter in text)


def printable_name(name: str) -> str:
    """A name, fit for a line: no control characters, and short."""
    return printable(name[:LONGEST_NAME])
