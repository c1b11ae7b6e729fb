"""Connect four: `board` has the rules, `game` is the referee, `random_bot` and `search_bot` play."""
