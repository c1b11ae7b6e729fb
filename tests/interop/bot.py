"""A bot on our client: `python -m tests.interop.bot PORT TAG NAME`."""

import sys

from bitbroker.client import BaseBot
from tests.interop.payloads import answer


class Bot(BaseBot):
    """Answers by its tag."""

    def __init__(self, tag: int, name: str) -> None:
        self.NAME = name
        self._tag = tag

    def decide_move(self, state: bytes) -> bytes:
        """The answer."""
        return answer(state, self._tag)


if __name__ == "__main__":
    Bot(int(sys.argv[2]), sys.argv[3]).run("127.0.0.1", int(sys.argv[1]))
