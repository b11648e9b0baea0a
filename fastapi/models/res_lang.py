# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Chooses the language of a response from the header ``Accept-Language``."""

from collections.abc import Iterator
from functools import lru_cache

from babel.core import get_global
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from odoo import api, models

#: Characters of an ``Accept-Language`` header; no real one is longer.
MAX_HEADER_LENGTH = 1000


@lru_cache(maxsize=256)
def _parse_accept_language(header: str) -> tuple[str, ...]:
    """Return the language tags of a header in order of preference (RFC 7231).

    >>> _parse_accept_language("fr;q=0.5, en-GB, de;q=0")
    ('en-GB', 'fr')
    """
    accepted = parse_accept_header(header, LanguageAccept)
    return tuple(tag for tag, quality in accepted if quality > 0)


def _get_codes(tag: str) -> Iterator[str]:
    """Return the codes to look for, the best first.

    >>> list(_get_codes("sr_latn_rs"))
    ['sr_latn_rs', 'sr@latin', 'sr_rs']
    >>> list(_get_codes("zh_hant"))
    ['zh_hant', 'zh@hant', 'zh_tw']

    :param tag: in lower case, with underscores
    """
    yield tag
    subtags = tag.split("_")
    if len(subtags) > 1 and len(subtags[1]) == 4:
        script = subtags.pop(1)
        yield f"{subtags[0]}@{'latin' if script == 'latn' else script}"
        likely = get_global("likely_subtags").get(f"{subtags[0]}_{script.title()}")
        if len(subtags) == 1 and likely is not None:
            subtags.append(likely.rpartition("_")[2].lower())
    yield "_".join(subtags[:2])


def _by_language(installed: dict[str, str]) -> dict[str, str]:
    """Return one installed code for each language: for ``fr``, ``fr_FR`` if possible.

    A code such as ``sr@latin`` is used only if there is no other.

    :param installed: codes by code in lower case
    """
    languages: dict[str, str] = {}
    for name in sorted(installed, key=lambda name: ("@" in name, name)):
        language, _separator, country = name.replace("@", "_").partition("_")
        if language == country or language not in languages:
            languages[language] = installed[name]
    return languages


class ResLang(models.Model):
    _inherit = "res.lang"

    @api.model
    def _get_lang_from_accept_language(self, accept_language: str | None) -> str | None:
        """Return the installed language that a client prefers.

        This is the first language of the header that is installed for any country. For
        ``en-GB``, it is ``en_GB``, or otherwise another ``en``. For ``zh-Hant-TW`` and
        ``zh-Hant``, it is ``zh_TW``, and for ``sr-Latn`` it is ``sr@latin``.

        :param accept_language: value of the header
        :return: code of the language, None if the header names none that is installed
        """
        if not accept_language:
            return None
        installed = {code.lower(): code for code, _name in self.get_installed()}
        languages = None
        # cut, so that the cache keeps no long headers
        for tag in _parse_accept_language(accept_language[:MAX_HEADER_LENGTH]):
            tag = tag.replace("-", "_").lower()
            for code in _get_codes(tag):
                if code in installed:
                    return installed[code]
            if languages is None:
                languages = _by_language(installed)
            if found := languages.get(tag.partition("_")[0]):
                return found
        return None
