"""The wire as pure machines: bytes in, messages out, and back. No socket, no task, no clock."""
