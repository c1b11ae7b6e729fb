"""Light cycles for 2 to 32 players: `arena` has the rules, `game` is the referee, `random_bot` and `scout_bot` ride."""
