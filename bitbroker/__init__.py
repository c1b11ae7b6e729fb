"""A language-agnostic message broker for real-time play between games and bots.

`python -m bitbroker serve` runs the broker; `bitbroker.client` is what games and bots are written with.
"""

__version__ = "0.1.0"
