# Copyright 2026 The odoo-fastapi contributors
# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Finds many words in a text, in a time that grows with the sum of their lengths.

A client may send thousands of secrets in one body. To look for each of them in turn
takes a time that grows with the square of its size: seconds, for 64 KB.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["TextSearch"]


class TextSearch:
    """The automaton of Aho and Corasick.

    Its nodes are numbers, and each stands for the beginning of a word. 0 is the empty
    one.

    :param words: not empty
    """

    def __init__(self, words: Iterable[str]) -> None:
        #: For each node, the nodes that follow it, by character.
        self._next: list[dict[str, int]] = [{}]
        #: For each node, length of the longest word that ends there, 0 for none.
        self._length = [0]
        #: For each node, that of its longest end that is the beginning of a word.
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
        """Return the node of the longest beginning that ends with a character."""
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
            # a longer word may begin before those that were found in it
            while places and start < places[-1][1]:
                start = min(start, places.pop()[0])
            places.append((start, end))
        parts, position = [], 0
        for start, end in places:
            parts += [text[position:start], replacement]
            position = end
        return "".join([*parts, text[position:]])
