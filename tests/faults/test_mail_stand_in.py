import json

from tests.faults.mail_stand_in import Post

MAIL = json.dumps({"headers": {"Message-ID": "<1@sello>"}, "subject": "A"}).encode()
OTHER = json.dumps({"headers": {"Message-ID": "<1@sello>"}, "subject": "B"}).encode()


def test_a_repeated_key_gets_the_first_answer_and_no_second_mail():
    post = Post()
    assert post.accept("key", MAIL) == post.accept("key", MAIL)
    assert post.accepted == {"<1@sello>": 1}


def test_a_repeated_key_with_other_bytes_is_refused():
    post = Post()
    post.accept("key", MAIL)
    assert post.accept("key", OTHER)[0] == 409
    assert post.accepted == {"<1@sello>": 1}


def test_without_a_key_every_request_is_a_mail():
    post = Post()
    assert [post.accept("", MAIL)[0] for _time in range(2)] == [200, 200]
    assert post.accepted == {"<1@sello>": 2}
