"""The arena as it is sent, and back."""

from bitbroker._pb.examples import light_cycles_pb2 as pb
from bitbroker.examples.light_cycles.arena import Arena, Heading, Rider


def write_position(arena: Arena, seat: int) -> pb.Position:
    """What the player in this seat is sent."""
    riders = [
        pb.Rider(seat=number, cell=rider.cell, heading=write_heading(rider.heading))
        for number, rider in arena.riders.items()
    ]
    return pb.Position(seat=seat, width=arena.width, cells=bytes(arena.cells), riders=riders)


def read_position(position: pb.Position) -> Arena:
    """The arena, as far as it is sent: turns and who is out are not."""
    riders = {rider.seat: Rider(rider.cell, Heading(rider.heading)) for rider in position.riders}
    return Arena(position.width, bytearray(position.cells), riders)


def write_heading(heading: Heading) -> str:
    """The same in a message, which takes the names of its numbers."""
    return f"HEADING_{heading.name}"


def read_heading(move: pb.Move, straight_on: Heading) -> Heading:
    """Where a bot wants to go; straight on if it says nothing that can be."""
    return Heading(move.heading) if 1 <= move.heading <= len(Heading) else straight_on
