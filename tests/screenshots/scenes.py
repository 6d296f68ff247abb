"""What the story leaves settled and a picture wants open: a doubt, an approval that waits, a case to be decided."""

import re
from dataclasses import dataclass

from billing.sandbox.shop import Sold
from config.demo.correcting import Correcting
from config.demo.observer import until
from config.demo.report import Report
from config.demo.stack import Stack
from config.demo.story import Story


@dataclass(frozen=True, slots=True)
class Scenes:
    """Paths below the admin, and the link of a customer."""

    document: str
    evidence: str
    approval: str
    correction: str
    hosted: str


def open_scenes(stack: Stack, token: str) -> tuple[Scenes, Report]:
    """Tell the story, then leave these three things open."""
    report = Report(say=print)
    story = Story(stack, token, report)
    story.tell()
    document, link = _sold(story, "Lucía Hernández", "lucia@example.com", 18500)
    Correcting(story.shop, story.authority, story.observer, story.staff, report).ask(link)
    case = until("the case", lambda: _first(story, "billing/correction", "?state__exact=open"))
    approval = _held(story)
    return (
        Scenes(
            document=f"smartbill/document/{document}/change/",
            evidence=f"smartbill/document/{_doubt(story)}/evidence/",
            approval=f"billing/approval/{approval}/change/",
            correction=f"billing/correction/{case}/change/",
            hosted=link,
        ),
        report,
    )


def _pay(story: Story, name: str, email: str, amount: int, what: str) -> str:
    buyer = story.shop.customer(name, email, preferred_locales=["es"])
    return f"invoice:{story.shop.pay_invoice(buyer['id'], [Sold(what, amount)])['id']}"


def _sold(story: Story, name: str, email: str, amount: int) -> tuple[int, str]:
    found = story.observer.document(_pay(story, name, email, amount, "Plan Equipo, diciembre"), "stamped")
    story.observer.sent(found)
    return found["id"], story.observer.link_in(story.observer.mails_to(email)[0])


def _doubt(story: Story) -> int:
    story.authority.fault("reset_after")
    source = _pay(story, "Roberto Alvarenga", "roberto@example.com", 23900, "Plan Pro anual")
    found: int = story.observer.document(source, "unknown")["id"]
    return found


def _held(story: Story) -> int:
    source = _pay(story, "Constructora Lempa", "pagos@lempa.example", 298000, "Implementación, fase 1")

    def look() -> int | None:
        for sale in story.observer.rows("sales", key=source):
            for approval in story.observer.rows("approvals", sale=str(sale["id"])):
                return int(approval["id"])
        return None

    return until("the approval", look)


def _first(story: Story, model: str, query: str) -> int | None:
    found = re.search(rf"/{model}/(\d+)/change/", story.staff.see(f"{model}/{query}"))
    return int(found[1]) if found else None
