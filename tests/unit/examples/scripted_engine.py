"""A UCI engine that plays the first legal move, or what its arguments say; it notes what it is told.

Usage: scripted_engine.py LOG [ANSWER]
"""

import sys
from pathlib import Path

import chess


def main(log: str, answer: str = "") -> None:
    """Speak UCI until told to quit."""
    board = chess.Board()
    with Path(log).open("a", encoding="utf-8") as notes:
        for line in sys.stdin:
            print(line, end="", file=notes, flush=True)
            words = line.split()
            match words:
                case ["uci"]:
                    print("option name Skill type spin default 1 min 0 max 20\nuciok", flush=True)
                case ["isready"]:
                    print("readyok", flush=True)
                case ["position", "startpos", *moves]:
                    board.reset()
                    for uci in moves[1:]:
                        board.push_uci(uci)
                case ["go", *_] if answer == "crash":
                    return
                case ["go", *_]:
                    print(f"bestmove {answer or next(iter(board.legal_moves)).uci()}", flush=True)
                case ["quit"]:
                    return


if __name__ == "__main__":
    main(*sys.argv[1:])
