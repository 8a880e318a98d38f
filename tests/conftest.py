"""What all tests share: Hypothesis judges answers, not how long a busy machine took for them."""

from hypothesis import settings

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
