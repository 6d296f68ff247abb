import stat
from email import message_from_bytes, policy

import pytest
from django.core.mail import EmailMessage, send_mail

from notifications.backends.files import FileBackend
from notifications.services.send_message import build_email
from tests.factories.notifications import MessageFactory


def mail(**changes):
    return build_email(
        MessageFactory.build(**{"subject": "Factura", "body_text": "x", "body_html": "<p>x</p>", **changes})
    )


def test_a_mail_is_one_readable_file_under_its_key(folder):
    email = mail()
    assert FileBackend().send_messages([email]) == 1
    path = folder / f"{email.metadata['idempotency_key']}.eml"
    assert [entry.name for entry in folder.iterdir()] == [path.name]
    parsed = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert (parsed["Subject"], parsed["To"]) == ("Factura", email.to[0])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_same_key_twice_is_the_first_mail(folder):
    email = mail()
    FileBackend().send_messages([email])
    email.subject = "Other words"
    assert FileBackend().send_messages([email]) == 1
    (path,) = folder.iterdir()
    assert message_from_bytes(path.read_bytes())["Subject"] == "Factura"


def test_a_key_that_is_a_path_is_refused(folder):
    email = EmailMessage("s", "b", to=["a@b.example"])
    email.metadata = {"idempotency_key": "../../etc/passwd"}
    with pytest.raises(ValueError, match="badly formed"):
        FileBackend().send_messages([email])
    assert list(folder.iterdir()) == []


def test_mail_of_others_has_no_key_and_is_kept_too(folder):
    for _i in range(2):
        assert send_mail("s", "b", "from@b.example", ["a@b.example"]) == 1
    assert len(list(folder.iterdir())) == 2
