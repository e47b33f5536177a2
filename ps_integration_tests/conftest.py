"""What holds for every test."""

from hypothesis import settings

# how long one example takes says how busy the machine is, not whether the property holds
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")
