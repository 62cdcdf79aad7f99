"""docs/conformance.md says what comes of the W3C suites now; tests that ran before are not run again."""

import report
from http_suite import running
from w3c import NEEDS_SUITE


@NEEDS_SUITE
def test_the_document_is_current() -> None:
    with running() as endpoint:
        assert report.DOCUMENT.read_text("utf-8") == report.document(endpoint)
