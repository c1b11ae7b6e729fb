"""`bitbroker play`: start a broker, a game and bots, play one match or many, and say how they ended."""
