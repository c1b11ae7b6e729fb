"""Games and bots to read, run and start from: Monty Hall, connect four, light cycles for many, chess for engines."""
