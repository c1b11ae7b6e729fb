"""Games and bots to read, run and start from: `connect_four` with its own bots, `chess` for any UCI engine."""
