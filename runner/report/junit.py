# SPDX-License-Identifier: GPL-2.0-only
"""The comparison as JUnit XML, which CI systems show as tests.

A regression is a failure, what could not be measured an error, what is
inconclusive is skipped.  There is no agreed schema: elements and attributes
are those that Jenkins' and GitLab's readers take.
"""
from __future__ import annotations

from xml.etree import ElementTree

from runner.judge.results import Comparison
from runner.report import cases


def _totals(suites: tuple[cases.Suite, ...]) -> dict[str, str]:
    counts = {"tests": sum(len(suite.cases) for suite in suites),
              "failures": sum(suite.count(cases.FAILURE) for suite in suites),
              "errors": sum(suite.count(cases.ERROR) for suite in suites),
              "skipped": sum(suite.count(cases.SKIPPED) for suite in suites)}
    return {key: str(value) for key, value in counts.items()}


def render(comparison: Comparison) -> str:
    """One document, ASCII: everything else in it is escaped."""
    suites = cases.suites(comparison)
    root = ElementTree.Element("testsuites", {"name": "swapscale", **_totals(suites)})
    for suite in suites:
        inner = ElementTree.SubElement(root, "testsuite", {"name": suite.name,
                                                           **_totals((suite,))})
        for case in suite.cases:
            test = ElementTree.SubElement(inner, "testcase", {
                "classname": f"swapscale.{suite.name}", "name": case.name})
            if case.outcome == cases.PASSED:
                ElementTree.SubElement(test, "system-out").text = \
                    f"{case.verdict}: {case.message}"
            else:
                ElementTree.SubElement(test, case.outcome, {
                    "type": case.verdict, "message": case.message}).text = case.message
        if suite.notes:
            ElementTree.SubElement(inner, "system-out").text = "\n".join(suite.notes)
    ElementTree.indent(root, " ")
    body: str = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=True).decode()
    return body + "\n"
