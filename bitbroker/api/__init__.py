"""The health API: what whoever runs the broker, or an orchestrator, may ask of it."""
