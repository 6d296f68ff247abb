"""Each picture of the README: which page, in which light, how wide. One browser, signed in once."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Browser, Page, sync_playwright

from config.demo.authenticator import next_code
from config.demo.stack import Stack
from config.management.commands.demo import PROVISION
from tests.screenshots.scenes import Scenes, open_scenes

FOLDER = Path(settings.BASE_DIR) / "docs" / "screenshots"
WIDE, PHONE = (1280, 860), (400, 860)
LARGEST = 200_000
"""Bytes of a picture: what somebody on a slow line waits for when the README is opened."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture; `path` is below the admin, or a whole address."""

    name: str
    path: str
    size: tuple[int, int] = WIDE
    scheme: str = "light"


def shots(scenes: Scenes) -> list[Shot]:
    """Return the pictures that the README shows."""
    return [
        Shot("desk", ""),
        Shot("desk-phone", "", PHONE, "dark"),
        Shot("documents", "smartbill/document/", scheme="dark"),
        Shot("document", scenes.document),
        Shot("evidence", scenes.evidence),
        Shot("approval", scenes.approval, scheme="dark"),
        Shot("correction", scenes.correction),
        Shot("guide", "guide/"),
        Shot("hosted-page", scenes.hosted),
        Shot("hosted-page-phone", scenes.hosted, PHONE, "dark"),
    ]


def take_all() -> bool:
    """Start everything, take every picture, and say whether all of them are good enough to be kept."""
    stack = Stack(settings.DATA_DIR / "screenshots")
    try:
        stack.manage("migrate", "--verbosity", "0")
        stack.manage("provision", str(PROVISION))
        token = stack.manage("create_api_token", "demo", "--scope", "read").strip()
        stack.choose_ports()
        stack.start_sandbox()
        stack.start_web()
        stack.start_worker()
        scenes, report = open_scenes(stack, token)
        faults = list(report.broken)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_chromium(), args=["--headless", "--no-sandbox"])
            faults += _take(browser, stack, shots(scenes))
            browser.close()
    finally:
        stack.stop()
    for fault in faults:
        sys.stdout.write(f"  ✗ {fault}\n")
    return not faults


def _take(browser: Browser, stack: Stack, wanted: list[Shot]) -> list[str]:
    """Take the pictures; return what is wrong with them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(locale="en-US", timezone_id="America/El_Salvador", reduced_motion="reduce")
    page = context.new_page()
    _sign_in(page, stack)
    faults = []
    for shot in wanted:
        page.set_viewport_size({"width": shot.size[0], "height": shot.size[1]})
        page.emulate_media(color_scheme=shot.scheme)  # type: ignore[arg-type]
        answer = page.goto(shot.path if shot.path.startswith("http") else f"{stack.web}/admin/{shot.path}")
        file = FOLDER / f"{shot.name}.png"
        page.screenshot(path=file)
        sys.stdout.write(f"  {file.name:<28} {file.stat().st_size // 1000:>4} kB\n")
        if answer is None or answer.status != 200:
            faults.append(f"{shot.name}: HTTP {answer.status if answer else 'nothing'}")
        if file.stat().st_size > LARGEST:
            faults.append(f"{shot.name}: larger than {LARGEST} bytes")
    return faults


def _sign_in(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.web}/admin/")
    page.fill("#id_login", "finance")
    page.fill("#id_password", stack.password)
    page.click("#sign-in button[type=submit]")
    page.fill("#id_code", next_code(stack.key))
    page.click("#second-factor button[type=submit]")
    page.wait_for_url(f"{stack.web}/admin/")


def _chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise SystemExit("No Chromium here: apt-get install chromium")
    return found
