# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Links of the documents lead somewhere: to files, and to titles in them.

An addon's page in HTML is read on a server, which has the pages of the other addons and
none of the documents in the repository.
"""

import re

import pytest

import layout

LINKS = {
    ".md": [re.compile(r"\]\(([^)\s]+)\)")],
    ".rst": [
        re.compile(r"<([^<>\s]+)>`_"),
        re.compile(r"\.\. (?:\|[^|]+\| )?(?:image|figure):: (\S+)"),
    ],
    ".html": [re.compile(r'(?:href|src)="(?!#top")([^"]+)"')],
}
TITLES = {
    ".md": re.compile(r"^#+ (.+)$", re.M),
    ".rst": re.compile(r"^(\S.*)\n([=~^-])\2+$", re.M),
    ".html": re.compile(r'id="([^"]+)"'),
}


def find_documents():
    return [
        path
        for path in sorted(layout.ROOT.rglob("*"))
        if path.suffix in LINKS
        and (path.suffix != ".html" or path.match("static/description/index.html"))
        and not any(
            part.startswith(".") for part in path.relative_to(layout.ROOT).parts
        )
    ]


def find_target(document, path):
    """Return the file or folder that a link in a document leads to."""
    if path.startswith("/"):  # /ADDON/static/… on a server
        addon, inner = path[1:].split("/", 1)
        folder = layout.DEMO if (layout.DEMO / addon).is_dir() else layout.ROOT
        return folder / addon / inner
    target = (document.parent / path).resolve() if path else document
    if document.suffix == ".html":
        assert target.is_relative_to(document.parent), f"{path} is on no server"
    return target


def read(document):
    """Return a document without its code, which may span lines."""
    text = document.read_text(encoding="utf-8")
    if document.suffix == ".rst":
        return re.sub(r"^\.\. code.*\n(?:(?: .*)?\n)+", "", text, flags=re.M)
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def get_links(document):
    text = read(document)
    return [
        link for pattern in LINKS[document.suffix] for link in pattern.findall(text)
    ]


def get_anchors(document):
    titles = TITLES[document.suffix].findall(read(document))
    names = (title if isinstance(title, str) else title[0] for title in titles)
    return {re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") for name in names}


@pytest.mark.parametrize(
    "document", find_documents(), ids=lambda path: str(path.relative_to(layout.ROOT))
)
def test_links(document):
    broken = []
    for link in get_links(document):
        path, _, anchor = link.partition("#")
        if re.match(r"\w+:", path):
            continue  # another host's
        target = find_target(document, path)
        if not target.exists() or (anchor and anchor not in get_anchors(target)):
            broken.append(link)
    assert broken == []


def test_links_are_found():
    # the test above would hold for documents without links too
    links = [link for document in find_documents() for link in get_links(document)]
    assert "docs/benchmark.md" in links
    assert "fastapi/README.rst#changelog" in links
    assert "../docs/benchmark.md" in links
    assert "DEVELOP.md" in links
    assert "/my_demo_api/static/description/index.html" in links
    assert "changelog" in get_anchors(layout.ROOT / "fastapi" / "README.rst")
