"""Monty Hall, for one player: `game` is the host, `switch_bot` and `stay_bot` play.

`Doors` is what the player is sent, `Choice` its answer: see schemas/examples/monty_hall.proto.
"""

from typing import Final

from bitbroker._pb.examples.monty_hall_pb2 import Choice, Doors

DOORS: Final = (1, 2, 3)

__all__ = ["DOORS", "Choice", "Doors"]
