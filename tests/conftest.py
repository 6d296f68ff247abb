"""What every test may use."""

import hypothesis

pytest_plugins = [
    "tests.plugins.certificate",
    "tests.plugins.left_sessions",
    "tests.plugins.no_silent_skips",
    "tests.plugins.own_cache",
    "tests.plugins.quick_flush",
    "tests.plugins.sent_record",
    "tests.plugins.smartbill_sandbox",
    "tests.plugins.stripe_sandbox",
]

# A shared machine is slow at times: no example fails for the time it took.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")
