# SPDX-License-Identifier: GPL-2.0-only
"""Headless Chromium and what a reader does with a page; importing it skips where it is missing."""
from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

_ADDS = "is not installed; 'setup/install test' adds it"
webdriver = pytest.importorskip("selenium.webdriver", reason=f"python3-selenium {_ADDS}")
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

__all__ = ["Browser", "Keys"]

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not CHROMIUM or not DRIVER or not shutil.which("gnuplot"):
    pytest.skip(f"chromium, chromium-driver or gnuplot {_ADDS}", allow_module_level=True)


class Browser:
    """One browser with a profile of its own."""

    def __init__(self, profile: Path) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for one in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                    "--disable-background-networking", "--disable-component-update",
                    "--disable-sync", "--disable-dev-shm-usage", f"--user-data-dir={profile}"):
            options.add_argument(one)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.size(1280)

    def size(self, width: int) -> None:
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})

    def scheme(self, name: str) -> None:
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": name}]})

    def open(self, file: Path, hash_: str = "") -> None:
        self.driver.get("about:blank")
        for log in ("browser", "performance"):
            self.driver.get_log(log)
        self.driver.get(f"{file.as_uri()}{hash_}")

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def unfold(self) -> None:
        self.js("document.querySelectorAll('details').forEach(d => d.open = true)")

    def all(self, selector: str) -> list[Any]:
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def complaints(self) -> list[str]:
        return [one["message"] for one in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        events = [json.loads(one["message"])["message"] for one in
                  self.driver.get_log("performance")]
        return [one["params"]["request"]["url"] for one in events
                if one["method"] == "Network.requestWillBeSent"]
