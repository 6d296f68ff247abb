"""A member of staff at the admin: signs in, presses a button, answers the confirmation. Plain HTTP, as a browser."""

import re
import time
from html import unescape
from html.parser import HTMLParser

import requests

from config.demo.authenticator import code_at, next_code

TIMEOUT = 90
SECOND_FACTOR = re.compile(r'id="second-factor"')
KEY = re.compile(r'id="totp-secret">(\w+)<')
MESSAGE = re.compile(r'<li class="(success|info|warning|error)[^"]*">(.*?)</li>', re.DOTALL)


class Form(HTMLParser):
    """The fields of the form with this id or class, as a browser would send them back."""

    def __init__(self, page: str, name: str) -> None:
        super().__init__()
        self.name, self.inside = name, False
        self.fields: list[tuple[str, str]] = []
        self.choice: str | None = None
        """The select that is open, and what is chosen in it so far: the first option, or the marked one."""
        self.chosen: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = self.name in (values.get("id"), values.get("class"))
        elif not self.inside:
            return
        elif tag == "input" and values.get("name") and values.get("type") != "submit":
            is_box = values.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in values:
                self.fields.append((values["name"], values.get("value", "on" if is_box else "")))
        elif tag == "select":
            self.choice, self.chosen = values.get("name"), None
        elif tag == "option" and (self.chosen is None or "selected" in values):
            self.chosen = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select" and self.choice:
            self.fields.append((self.choice, self.chosen or ""))
            self.choice = None


class StaffRefused(Exception):
    """The admin did not do what was asked; the text is what it said."""


class Staff:
    """One person, signed in with a second factor; who has none yet sets up an app, and `key` is what it holds."""

    def __init__(self, web: str, username: str, password: str, *, key: str = "") -> None:
        self.admin, self.password, self.key = f"{web}/admin/", password, key
        self.browser = requests.Session()
        page = self._get(self.admin)
        page = self._fill(page, "sign-in", login=username, password=password)
        if found := KEY.search(page.text):
            self.key = found[1]
        if SECOND_FACTOR.search(page.text) and self.key:
            page = self._show_code(page)
        if not self._get(self.admin).url.startswith(self.admin):
            raise StaffRefused(f"sign-in: HTTP {page.status_code}, {page.url}")

    def _show_code(self, page: requests.Response) -> requests.Response:
        """Enter the digits of now; those that were used already count no more, so then the next ones."""
        answer = self._fill(page, "second-factor", code=code_at(self.key, time.time()))
        if SECOND_FACTOR.search(answer.text):
            answer = self._fill(answer, "second-factor", code=next_code(self.key))
        return answer

    def _get(self, url: str) -> requests.Response:
        page = self.browser.get(url, timeout=TIMEOUT)
        page.raise_for_status()
        return page

    def _fill(self, page: requests.Response, form: str, **typed: str) -> requests.Response:
        """Send a form of a page to the address of the page."""
        fields = dict(Form(page.text, form).fields) | typed
        return self.browser.post(page.url, fields, headers={"Referer": page.url}, timeout=TIMEOUT)

    def answered(self, question: list[tuple[str, str]], **answers: str) -> list[tuple[str, str]]:
        """Return the fields of a confirmation page with its questions answered, the password among them."""
        kept = [(name, value) for name, value in question if name.removeprefix("confirm-") not in answers]
        kept = [(name, self.password if name == "ask-proof" else value) for name, value in kept]
        return [*kept, *((f"confirm-{name}", value) for name, value in answers.items())]

    def act(self, action: str, row_id: int, *, model: str = "smartbill/document", **answers: str) -> str:
        """Choose an action for one row, answer its confirmation page, and return what the admin then says."""
        rows = f"{self.admin}{model}/"
        chosen = [("action", action), ("_selected_action", str(row_id)), ("csrfmiddlewaretoken", self._csrf(rows))]
        question = Form(self._post(rows, chosen), "confirm").fields
        if not question:
            raise StaffRefused(f"{action}: no confirmation page")
        said = MESSAGE.findall(self._post(rows, self.answered(question, **answers)))
        text = " ".join(unescape(re.sub(r"<[^>]+>", "", message)).strip() for _level, message in said)
        if [level for level, _message in said] != ["success"]:
            raise StaffRefused(f"{action}: {text or 'nothing was said'}")
        return text

    def add(self, path: str, **answers: str) -> None:
        """Fill in the form of a new row below this path of the admin, and store it."""
        url = f"{self.admin}{path}add/"
        page = self.browser.get(url, timeout=TIMEOUT)
        page.raise_for_status()
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        fields = [("csrfmiddlewaretoken", csrf[1] if csrf else ""), *answers.items()]
        answer = self.browser.post(url, fields, headers={"Referer": url}, timeout=TIMEOUT, allow_redirects=False)
        if answer.status_code != 302:
            raise StaffRefused(f"{path}: HTTP {answer.status_code}")

    def issue_by_hand(self, **typed: str) -> str:
        """Fill in the form for a document without Stripe, look at the preview, and issue it; return its key."""
        url = f"{self.admin}billing/manualentry/add/"
        page = self.see("billing/manualentry/add/")
        account = re.search(r'<select name="endpoint".*?<option value="(\d+)"', page, re.DOTALL)
        said = {"endpoint": account[1] if account else "", "lines-0-tax": "standard:in", **typed}
        said |= {f"lines-{number}-tax": "standard:in" for number in (1, 2)}
        shown = self._post(url, list((dict(Form(page, "confirm manual").fields) | said | {"_preview": "1"}).items()))
        fields = dict(Form(shown, "confirm manual").fields) | said | {"_enter": "1"}
        answer = self.browser.post(url, fields, headers={"Referer": url}, timeout=TIMEOUT, allow_redirects=False)
        if answer.status_code != 302:
            raise StaffRefused(f"by hand: HTTP {answer.status_code}")
        return f"manual:{fields['token'].replace('-', '')}"

    def choice(self, action: str, row_id: int, name: str, *, model: str) -> str:
        """Return the first answer that the confirmation page of an action offers for a field."""
        rows = f"{self.admin}{model}/"
        chosen = [("action", action), ("_selected_action", str(row_id)), ("csrfmiddlewaretoken", self._csrf(rows))]
        found = re.search(rf'name="confirm-{name}" value="([^"]+)"', self._post(rows, chosen))
        if found is None:
            raise StaffRefused(f"{action}: {name} offers nothing")
        return found[1]

    def see(self, path: str = "") -> str:
        """Return what stands at a path below the admin; without one, on the desk."""
        page = self.browser.get(self.admin + path, timeout=TIMEOUT)
        page.raise_for_status()
        return page.content.decode()

    def _post(self, url: str, fields: list[tuple[str, str]]) -> str:
        page = self.browser.post(url, fields, headers={"Referer": url}, timeout=TIMEOUT)
        page.raise_for_status()
        return page.text

    def _csrf(self, url: str) -> str:
        page = self.see(url.removeprefix(self.admin))
        return dict(Form(page, "changelist-form").fields)["csrfmiddlewaretoken"]
