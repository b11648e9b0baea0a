# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Generate an addon's ``README.rst`` and ``static/description/index.html``.

Runs under the Python of the linters, which has pandoc and docutils:
``python generate_readme.py ROOT NAME...``, with the paths of addons below ``ROOT``.
Prints the texts as JSON, by path below ``ROOT``. The sources are the fragments in
``readme/`` and the manifest; the parts and their order are those of OCA's addons.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pypandoc
from docutils.core import publish_string

#: Fragments, and the titles of their parts.
PARTS = {
    "INSTALL": "Installation",
    "CONFIGURE": "Configuration",
    "USAGE": "Usage",
    "DEVELOP": "Development",
    "ROADMAP": "Known issues / Roadmap",
    "HISTORY": "Changelog",
}
LICENSES = {
    "AGPL-3": "https://www.gnu.org/licenses/agpl-3.0-standalone.html",
    "LGPL-3": "https://www.gnu.org/licenses/lgpl-3.0-standalone.html",
}
NOTE = """\
..
   Generated from the fragments in readme/ by `make readme`: change those.
"""
#: A link or a picture of Markdown: what stands before its target, and the target.
LINK = re.compile(r"(\]\()([^)\s]+)(?=\))")
STYLE = """\
body { font-family: sans-serif; line-height: 1.5; }
main { max-width: 50em; margin: auto; padding: 1em; }
pre { background: #f4f4f4; padding: .7em; overflow: auto; }
pre, .literal { font-family: monospace; font-size: 90%; }
table { border-collapse: collapse; }
td, th { border: 1px solid #ccc; padding: .2em .6em; text-align: left; }
td p, th p, li p { margin: 0; }
img { max-width: 100%; }
"""


def generate(root: Path, name: str) -> dict[str, str]:
    """Return the texts of an addon's generated files, by path in the repository.

    :param root: folder of the repository
    :param name: path of the addon in the repository
    """
    folder = root / name
    manifest = ast.literal_eval((folder / "__manifest__.py").read_text())
    readme = get_rst(folder, name, manifest)
    page = get_rst(folder, name, manifest, for_page=True)
    return {
        f"{name}/README.rst": readme,
        f"{name}/static/description/index.html": get_html(page),
    }


def get_rst(
    folder: Path, name: str, manifest: dict[str, Any], *, for_page: bool = False
) -> str:
    """Return the fragments as one document of reStructuredText.

    :param for_page: links are for a page that is read far from the repository
    """
    version = manifest["version"]
    website = manifest["website"]
    source = f"{website}/tree/{version[:4]}/{name}"

    def fragment(title: str) -> str:
        path = folder / "readme" / f"{title}.md"
        if not path.exists():
            return ""
        return LINK.sub(
            lambda match: match[1] + get_target(match[2], name, source, for_page),
            path.read_text(encoding="utf-8"),
        )

    parts = {heading: fragment(title) for title, heading in PARTS.items()}
    parts["Bug Tracker"] = f"Bugs are tracked on [GitHub Issues]({website}/issues)."
    parts["Credits"] = (
        f"## Authors\n\n- {manifest['author']}\n\n"
        f"## Contributors\n\n{fragment('CONTRIBUTORS')}"
    )
    license_name = manifest["license"]
    title = manifest["name"]
    line = "=" * len(title)
    return "\n".join(
        [
            NOTE,
            f"{line}\n{title}\n{line}\n",
            f"{manifest['summary']}.\n",
            f"| **Version** {version}, {manifest['development_status']}",
            f"| **License** `{license_name} <{LICENSES[license_name]}>`__",
            f"| **Source** `{website.removeprefix('https://')} <{source}>`__\n",
            convert(fragment("DESCRIPTION")),
            ".. contents:: Table of contents\n   :local:\n   :backlinks: none\n",
            convert(
                "\n\n".join(
                    f"# {heading}\n\n{text}" for heading, text in parts.items() if text
                )
            ),
        ]
    )


def convert(text: str) -> str:
    """Return Markdown as reStructuredText."""
    return pypandoc.convert_text(text, "rst", "gfm", extra_args=["--columns=88"])


def get_target(target: str, name: str, source: str, for_page: bool) -> str:
    """Return where a link of a fragment leads in a generated document.

    :param target: as in the fragment, relative to ``readme/``
    :param name: path of the addon in the repository
    :param source: address of the addon's folder
    :param for_page: the page is ``static/description/index.html``
    """
    path, _, anchor = target.partition("#")
    if path.endswith(".md") and "/" not in path:  # another fragment: the same document
        anchor = anchor or get_anchor(PARTS[path.removesuffix(".md")])
        path = ""
    if not path or "://" in path:
        return f"{path}#{anchor}" if anchor else path
    path = path.removeprefix("../")
    if for_page and path.startswith("static/description/"):
        path = path.removeprefix("static/description/")
    elif for_page:
        root = source.removesuffix(f"/{name}")
        path = f"{root}/{normalize(PurePosixPath(name, path))}"
    return f"{path}#{anchor}" if anchor else path


def normalize(path: PurePosixPath) -> str:
    """Return a path without ``..``."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def get_anchor(title: str) -> str:
    """Return the anchor that docutils makes of a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def get_html(text: str) -> str:
    """Return a document as a page, complete in itself."""
    return publish_string(
        text,
        writer="html5",
        settings_overrides={
            "embed_stylesheet": True,
            "stylesheet_path": None,
            "stylesheet": None,
            "generator": None,
            "datestamp": None,
            "source_link": None,
            "syntax_highlight": "none",
            "math_output": "LaTeX",
            "output_encoding": "unicode",
            "report_level": 2,
            "halt_level": 2,
            "xml_declaration": False,
        },
    ).replace("</head>", f"<style>\n{STYLE}</style>\n</head>", 1)


if __name__ == "__main__":
    texts: dict[str, str] = {}
    for addon in sys.argv[2:]:
        texts |= generate(Path(sys.argv[1]), addon)
    json.dump(texts, sys.stdout)
