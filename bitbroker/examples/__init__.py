"""Games and bots to read, run and start from: Monty Hall, connect four, and chess for any UCI engine."""
