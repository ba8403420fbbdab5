"""A shopper in headless Chromium: the shop's pages with an unmodified tracker on them, opened, used and closed.

Pages come from `pages/*.html`, the trackers from npm's packages as they are. What the calls are belongs to `idioms`.
"""

from __future__ import annotations

import json
import mimetypes
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.clients.driver import INSTALLED, Report, require_npm
from tests.clients.idioms import Call
from tests.clients.shopper import HERE, shopper, url_of

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
"""A shopper's: without a screen, Chromium calls itself headless, and the loader would rightly mark its events as a bot's."""
MILLISECONDS = 15_000  # longer than any page here takes on a busy machine


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, started once for many tests; skips without it."""
    require_npm()
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not installed: `apt-get install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(frozen=True)
class BrowserClient:
    """A tracker that runs in a page."""

    name: str
    family: str
    takes_ms: int = 0  # from a call until the event is in the client's own storage

    def page(self, path: str) -> tuple[str, bytes] | None:
        """What the shop serves: a script of the trackers, or the page of the path."""
        route = urlsplit(path).path
        if route.startswith("/assets/"):
            return _asset(route.removeprefix("/assets/"))
        titles = {page["path"]: page["title"] for page in shopper()["pages"]}
        if route not in titles:
            return None
        html = (HERE / "pages" / f"{self.name}.html").read_text().replace("{{title}}", titles[route])
        return "text/html; charset=utf-8", html.encode()


SNOWPLOW_BROWSER = BrowserClient("snowplow", "snowplow")
SEGMENT_BROWSER = BrowserClient("segment", "segment")
RUDDER_BROWSER = BrowserClient("rudder", "segment", takes_ms=100)
BROWSERS = (SNOWPLOW_BROWSER, SEGMENT_BROWSER, RUDDER_BROWSER)


def _asset(name: str) -> tuple[str, bytes] | None:
    modules = INSTALLED.parent
    file = (modules / name).resolve()
    if not file.is_relative_to(modules) or not file.is_file():
        return None
    return mimetypes.guess_type(file.name)[0] or "text/plain", file.read_bytes()


class Tab:
    """One visitor's browser: its cookies and storage are its own."""

    def __init__(self, browser: Browser, shop: str, collector: str, key: str, **options: Any) -> None:
        self.shop = shop
        self.context: BrowserContext = browser.new_context(user_agent=USER_AGENT.format(browser.version.partition(".")[0]))
        self.context.set_default_timeout(MILLISECONDS)
        job = {"url": collector, "key": key, "options": options}
        self.context.add_init_script(f"window.job = {json.dumps(job)};")
        self.page: Page = self.context.new_page()
        self.console: list[str] = []
        self._listen()

    def _listen(self) -> None:
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("pageerror", lambda error: self.console.append(f"error: {error}"))

    def open(self, page: dict[str, Any]) -> None:
        """Go to a page of the path, from outside when it is the landing page."""
        referrer = shopper()["referrer"] if page.get("query") else None
        self.page.goto(url_of(page, self.shop), referer=referrer)

    def call(self, *calls: Call) -> None:
        """What the page's own script would do there."""
        for call in calls:
            self.page.evaluate("(call) => { make(call); }", call)
            self.page.wait_for_timeout(3)  # two calls in one millisecond have no order that a row could keep

    def report(self) -> Report:
        """What the tracker says, as far as it says it."""
        return Report(**self.page.evaluate("() => report"), is_finished=True)

    def close_tab(self) -> None:
        """As a shopper closes it: unload handlers run, then the page is gone; the browser lives on."""
        self.page.close(run_before_unload=True)

    def reopen(self) -> None:
        """The same visitor comes back in a new tab."""
        self.page = self.context.new_page()
        self._listen()

    def close(self) -> None:
        self.context.close()
