"""The Trio shell around wire and match: connections, mailboxes, the coordinator, the service."""
