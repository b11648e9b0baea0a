# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds many words in a text, in a time that is linear in the length of all.

A client may send thousands of secrets in one body. To search for each of them in turn
takes a time that is quadratic in the size of the body: seconds for 64 KB.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["TextSearch"]


class TextSearch:
    """The algorithm of Aho and Corasick.

    Nodes are numbers. Each node stands for a prefix of a word, 0 for the empty one.

    :param words: the words to find, none of them empty
    """

    def __init__(self, words: Iterable[str]) -> None:
        #: For each node, the following nodes by character.
        self._next: list[dict[str, int]] = [{}]
        #: For each node, the length of the longest word that ends there, 0 for none.
        self._length = [0]
        #: For each node, the node of its longest suffix that is a prefix of a word.
        self._shorter = [0]
        for word in words:
            self._add(word)
        self._link()

    def _add(self, word: str) -> None:
        node = 0
        for character in word:
            following = self._next[node]
            node = following.setdefault(character, len(self._next))
            if node == len(self._next):
                self._next.append({})
                self._length.append(0)
                self._shorter.append(0)
        self._length[node] = len(word)

    def _link(self) -> None:
        nodes = deque(self._next[0].values())
        while nodes:
            node = nodes.popleft()
            for character, following in self._next[node].items():
                shorter = self._follow(self._shorter[node], character)
                self._shorter[following] = shorter
                self._length[following] = (
                    self._length[following] or self._length[shorter]
                )
                nodes.append(following)

    def _follow(self, node: int, character: str) -> int:
        """Return the node of the longest prefix after one more character."""
        while True:
            following = self._next[node].get(character)
            if following is not None:
                return following
            if not node:
                return 0
            node = self._shorter[node]

    def _find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of the longest word that ends at each position."""
        node = 0
        for end, character in enumerate(text, 1):
            node = self._follow(node, character)
            length = self._length[node]
            if length:
                yield end - length, end

    def replace(self, text: str, replacement: str) -> str:
        """Return a text with all words replaced; words that overlap count as one."""
        places: list[tuple[int, int]] = []
        for start, end in self._find(text):
            # a longer word may begin before the words that were found inside it
            while places and start < places[-1][1]:
                start = min(start, places.pop()[0])
            places.append((start, end))
        parts, position = [], 0
        for start, end in places:
            parts += [text[position:start], replacement]
            position = end
        return "".join([*parts, text[position:]])
