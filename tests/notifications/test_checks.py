import pytest

from notifications.checks import check_mail

SMTP = "django.core.mail.backends.smtp.EmailBackend"
GOOD = {
    "RESEND_API_KEY": "",
    "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
    "EMAIL_BACKEND": SMTP,
    "EMAIL_USE_TLS": True,
    "DEFAULT_FROM_EMAIL": "Seller <billing@seller.example>",
    "SELLO_ENVIRONMENT": "production",
    "SELLO_SANDBOX": False,
    "DEBUG": False,
}
FILES = {"EMAIL_BACKEND": "notifications.backends.files.FileBackend", "EMAIL_URL": ""}


@pytest.mark.parametrize(
    ("changes", "ids"),
    [
        ({}, []),
        ({"RESEND_API_KEY": "re_1"}, ["sello.E301"]),
        (FILES, ["sello.W301"]),
        ({**FILES, "SELLO_SANDBOX": True}, []),
        ({**FILES, "DEBUG": True}, []),
        ({"EMAIL_USE_TLS": False}, ["sello.W302"]),
        ({"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True}, []),
        ({"DEFAULT_FROM_EMAIL": "billing@sello.localhost"}, ["sello.E302"]),
        ({"DEFAULT_FROM_EMAIL": ""}, ["sello.E302"]),
        ({"DEFAULT_FROM_EMAIL": "billing@sello.localhost", "SELLO_ENVIRONMENT": "local"}, []),
    ],
)
def test_each_setting_is_reported_under_its_id(settings, changes, ids):
    for name, value in {**GOOD, **changes}.items():
        setattr(settings, name, value)
    assert [found.id for found in check_mail()] == ids
    assert all(found.hint for found in check_mail())
