"""What all unit tests share: a hypothesis profile without a clock, since a slow machine is no fault of the code."""

from hypothesis import HealthCheck, settings

settings.register_profile("no-clock", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("no-clock")
