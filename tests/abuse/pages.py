"""What a page of HTML holds that may do harm."""

from html.parser import HTMLParser

from running import Answer


class Tags(HTMLParser):
    """The tags of a page, with what their attributes hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def check_harmless(answer: Answer) -> None:
    """No element, attribute or address of the attacker's in a page that forbids scripts."""
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "alert" in answer.body.decode()
    for tag, attributes in Tags(answer.body.decode()).found:
        assert tag not in {"img", "script", "iframe", "object"}
        assert not any(name.startswith("on") for name in attributes)
        address = attributes.get("href") or attributes.get("src") or attributes.get("action") or ""
        assert not address.strip().lower().startswith(("javascript:", "data:", "vbscript:"))
