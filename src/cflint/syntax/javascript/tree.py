"""The tree of a document: text, parents, places."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING

from tree_sitter import Query, QueryCursor

from cflint.pattern import pattern
from cflint.source import Document
from cflint.syntax.javascript.leaves import errors_of, tokens_of

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

    from cflint.syntax.anchors import Anchors
    from cflint.syntax.javascript.typos import Typo

_WORD_BYTES = frozenset(bytes((byte,)) for byte in range(256) if chr(byte).isalnum() or byte in b"_$#")


_WORD = pattern(b"[" + re.escape(b"".join(sorted(_WORD_BYTES))) + b"]+")
_MOST_SEARCHES = 200
"""How often all of a text is searched for words before they are indexed."""

_WIDE = 64
"""How many children of an error are worth to be remembered at once."""

_DEEP = 200
_LOOK_EVERY = 512
"""How deep nodes are when it pays to keep the way down, and after how many lookups that is measured."""


class Syntax:
    """The tree of one document. Keep it short-lived: a tree weighs twenty times its source."""

    def __init__(
        self, document: Document, tree: Tree, typos: tuple[Typo, ...], *, is_respelled: bool = False
    ) -> None:
        """`is_respelled`: the tree comes of code in which names are spelled otherwise (`respelling`)."""
        self.document = document
        self.is_respelled = is_respelled
        self.root: Node = tree.root_node
        self.typos = typos
        self.tree = tree
        self._data = document.data
        self.parents: dict[int, Node] = {}
        """The parents that were asked for, by the child's id: what climbs often looks here first."""
        self._lookups = 0
        self._has_error = self.root.has_error
        has_wide_error = self._has_error and self.root.child_count > _WIDE
        self._is_wide_error = has_wide_error
        """Whether the library passes thousands of nodes to find one: it keeps those of an error in a row."""
        self._goes_down = has_wide_error
        """Whether parents are looked for on one way down that is kept."""
        self._path: list[tuple[int, int, Node]] = []  # down to where a parent was last looked for
        self._searched = 0  # bytes, for words
        self._anchors: Anchors | None = None
        self._matches: Sequence[tuple[int, int, int]] = ()
        self._whole: Sequence[tuple[int, int, str]] = ()

    @property
    def bare(self) -> Syntax:
        """The same tree without what was looked up in it."""
        return Syntax(self.document, self.tree, self.typos, is_respelled=self.is_respelled)

    def text(self, node: Node) -> str:
        """The source text of a node."""
        data = self._data[node.start_byte : node.end_byte]
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode("utf-8", "replace")

    def parent(self, node: Node) -> Node | None:
        """The parent, memoized: tree-sitter's own walks down from the root at every call.

        That is quick, but where nodes are nested thousands deep, and where thousands of an error stand side
        by side: there one way down is used for many.
        """
        return self.parents.get(node.id) or self.parent_afresh(node)

    def parent_afresh(self, node: Node) -> Node | None:
        """The parent, for who has looked in `parents`."""
        if self._goes_down:
            return self._parent_on_path(node)
        self._lookups += 1
        if self._lookups % _LOOK_EVERY == 1 and self.depth_at(node.start_byte) > _DEEP:
            self._goes_down = True
            return self._parent_on_path(node)
        found = node.parent
        if found is not None:
            self.parents[node.id] = found
            if self._has_error and found.has_error and found.child_count > _WIDE:
                self._keep_children(found)
        return found

    def _keep_children(self, above: Node) -> None:
        """Remember a parent for all its children: errors may have thousands, and each walk passes them."""
        for below in above.children:
            self.parents[below.id] = above

    def _parent_on_path(self, node: Node) -> Node | None:
        target = node.id
        parents = self.parents
        above = self.root
        if above.id == target:
            return None
        start, end = node.start_byte, node.end_byte
        path = self._path
        if start == end:
            path = []  # an empty node may stand beside the one that covers its place
        while path:  # what covers more than the node is above it
            first, last, covering = path[-1]
            if first <= start and end <= last and end - start < last - first:
                above = covering
                break
            path.pop()
        while True:
            below = self._top_covering(start, end) if self._is_wide_error and above is self.root else None
            below = below or above.child_with_descendant(node)
            if below is None:
                return node.parent
            if above.has_error and above.child_count > _WIDE and below.id not in parents:
                self._keep_children(above)
            parents[below.id] = above
            if below.id == target:
                return above
            path.append((below.start_byte, below.end_byte, below))
            above = below

    def ancestors(self, node: Node) -> Iterator[Node]:
        """The nodes above, nearest first."""
        known, parent = self.parents.get, self.parent_afresh
        above = known(node.id) or parent(node)
        while above is not None:
            yield above
            above = known(above.id) or parent(above)

    def enclosing(self, node: Node, types: frozenset[str]) -> Node | None:
        """The nearest node above of one of the types."""
        return next((above for above in self.ancestors(node) if above.type in types), None)

    def ids_of(self, types: frozenset[str]) -> frozenset[int]:
        """The `kind_id` of named nodes of some types, which is quicker to compare than the `type`."""
        return _ids_of(self.tree.language, types)

    def below(self, within: Node, types: frozenset[str]) -> list[Node]:
        """The named nodes of some types below a node, in source order, those around others first."""
        search = _search_for(self.tree.language, types)
        return search.walk(within) if self._is_walked else search.below(within)

    @cached_property
    def _is_walked(self) -> bool:
        """Whether the library's search is slower than a walk: it takes the square of how deeply nodes are
        nested, and of how many stand side by side in an error."""
        if self.root.has_error:
            return True
        return self.root.descendant_count > _MOST_WALKED and self.mean_depth(_SAMPLES) > _DEEP

    def node_at(self, start: int, end: int) -> Node | None:
        """The smallest node that covers the bytes."""
        around = self._top_covering(start, end) if self._is_wide_error else None
        return (around or self.root).descendant_for_byte_range(start, end)

    def _top_covering(self, start: int, end: int) -> Node | None:
        """The child of the root that covers the bytes, if one does and there are any."""
        if start >= end:
            return None
        around = self.at_top(start, end)
        covers = len(around) == 1 and around[0].start_byte <= start and end <= around[0].end_byte
        return around[0] if covers else None

    def at_top(self, start: int, end: int) -> Sequence[Node]:
        """The children of the root that share bytes with `start` to `end`, in source order."""
        first = bisect_right(self._ends_at_top, start)
        last = bisect_left(self._starts_at_top, end, first)
        return self._at_top[first:last]

    @cached_property
    def _at_top(self) -> Sequence[Node]:
        return self.root.children

    @cached_property
    def _starts_at_top(self) -> Sequence[int]:
        return [node.start_byte for node in self._at_top]

    @cached_property
    def _ends_at_top(self) -> Sequence[int]:
        return [node.end_byte for node in self._at_top]

    def depth_at(self, offset: int) -> int:
        """How many nodes are around the smallest one at a byte."""
        cursor = self.root.walk()
        while cursor.goto_first_child_for_byte(offset) is not None:
            pass
        return cursor.depth

    def mean_depth(self, samples: int) -> float:
        """How many nodes are around one, on the average of so many from all over the tree."""
        cursor, count, depth = self.root.walk(), self.root.descendant_count, 0
        for sample in range(samples):
            cursor.goto_descendant(sample * count // samples)
            depth += cursor.depth
        return depth / samples

    def tokens(self) -> list[tuple[str, int, int]]:
        """The leaves of the tree: type, first byte, byte after; without comments and the text of strings."""
        return tokens_of(self.tree)

    def leaves(
        self, word: str, within: Node, may_be: Callable[[bytes, int], bool] | None = None
    ) -> Iterator[Node]:
        """The smallest nodes at a whole word (a name, a keyword) within a node, in source order; with
        `may_be` only where that says so of the bytes and the end of the word.

        Found by searching the bytes, so that nothing else of the tree is looked at.
        """
        needle = word.encode()
        for at in self.places(needle, within.start_byte, within.end_byte):
            end = at + len(needle)
            if may_be is not None and not may_be(self._data, end):
                continue
            leaf = self.node_at(at, end)
            if leaf is not None and (leaf.start_byte, leaf.end_byte) == (at, end):
                yield leaf

    def know(
        self,
        anchors: Anchors,
        matches: Sequence[tuple[int, int, int]],
        whole: Sequence[tuple[int, int, str]],
    ) -> None:
        """Take over where words stand (see `Anchors.matches` and `Anchors.whole`): nobody searches the text
        for these again."""
        self._anchors, self._matches, self._whole = anchors, matches, whole

    @cached_property
    def _known(self) -> dict[str, list[int]]:
        """Where the words stand that were sought, in order."""
        data = self._data
        found: defaultdict[str, list[int]] = defaultdict(list)
        if data.isascii():
            for start, _, word in self._whole:
                found[word].append(start)
        elif self._anchors is not None:  # letters beyond ASCII are letters to one of the two alone
            words = self._anchors.words
            for index, start, end in self._matches:
                if data[start - 1 : start] not in _WORD_BYTES and data[end : end + 1] not in _WORD_BYTES:
                    found[words[index]].append(start)
        return found

    def places(self, word: bytes, start: int, end: int) -> Iterator[int]:
        """Where a whole word stands within some bytes, comments and strings included.

        Found by searching, or, when that has been done often or for all of them at once, in an index.
        """
        data = self._data
        places: Sequence[int] | None = None
        known = self._anchors.alone.get(word) if self._anchors is not None else None
        if known is not None:
            places = self._known.get(known, ())
        else:
            self._searched += end - start
            if self._searched > _MOST_SEARCHES * len(data) and _WORD.fullmatch(word):
                places = self._words.get(word, ())
        if places is not None:
            if places:
                first = bisect_left(places, start)
                yield from places[first : bisect_right(places, end - len(word), first)]
            return
        at = data.find(word, start, end)
        while at != -1:
            after = at + len(word)
            if data[at - 1 : at] not in _WORD_BYTES and data[after : after + 1] not in _WORD_BYTES:
                yield at
            at = data.find(word, after, end)

    @cached_property
    def _words(self) -> dict[bytes, list[int]]:
        """Where each word stands, in order."""
        found: defaultdict[bytes, list[int]] = defaultdict(list)
        for match in _WORD.finditer(self._data):
            found[match[0]].append(match.start())
        return found

    def errors(self) -> Iterator[Node]:
        """The outermost ERROR and MISSING nodes, in source order."""
        return errors_of(self.tree)


class _Search:
    """The search for named nodes of some types. The library's own is quicker than a walk, and costs
    milliseconds to set up: it is, once that many nodes have been walked over."""

    def __init__(self, language: Language, types: frozenset[str]) -> None:
        self._language = language
        self._types = types
        self._walked = 0
        self._query: Query | None = None

    def below(self, within: Node) -> list[Node]:
        """The nodes below a node, in source order."""
        if self._query is None:
            self._walked += within.descendant_count
            if self._walked < _MOST_WALKED:
                return self.walk(within)
            self._query = self._set_up()
            if self._query is None:
                return []
        found = QueryCursor(self._query).captures(within).get(_CAPTURE, [])
        own = within.id
        found = [node for node in found if node.id != own]
        found.sort(key=_place)
        return found

    def walk(self, within: Node) -> list[Node]:
        """The same, by a walk."""
        found: list[Node] = []
        stack = within.named_children[::-1]
        while stack:
            node = stack.pop()
            if node.type in self._types:
                found.append(node)
            below = node.named_children
            if below:
                stack += below[::-1]
        return found

    def _set_up(self) -> Query | None:
        """The query; None where the grammar has none of the types."""
        known = (type for type in self._types if self._language.id_for_node_kind(type, True) is not None)
        names = " ".join(f"({type})" for type in sorted(known))
        return Query(self._language, f"[{names}] @{_CAPTURE}") if names else None


_search_for = cache(_Search)
_CAPTURE = "node"
_MOST_WALKED = 10_000
_SAMPLES = 8


def _place(node: Node) -> tuple[int, int]:
    return node.start_byte, -node.end_byte


@cache
def _ids_of(language: Language, types: frozenset[str]) -> frozenset[int]:
    ids = (language.id_for_node_kind(type, True) for type in types)
    return frozenset(id for id in ids if id is not None)
