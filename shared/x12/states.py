"""Stands of a walk that were met before, so that most segments are a step from one to another."""

from typing import TypeAlias

from shared.x12.dispatch import Node

KEPT_TEXTS = 16_384  # segments remembered as right, per interchange and guide
KEPT_STATES = 4_096

Frames: TypeAlias = tuple[tuple[int, tuple[tuple[int, int], ...]], ...]


class State:
    """A place in a guide with what was used of the loops open there.

    `frames` holds for each open loop, outermost first, the entries used (bits) and how often those
    that came again. `known` are texts of right segments that may follow, `after` the places.
    """

    __slots__ = ("after", "counts", "frames", "known", "node")

    def __init__(self, node: Node, frames: Frames) -> None:
        self.node, self.frames = node, frames
        self.counts = node.counts or node.restarts
        self.known: dict[str, State] = {}
        self.after: dict[Node, State] = {}


class States:
    """The states of one guide, made as they are met; full, it forgets them all and starts anew."""

    def __init__(self) -> None:
        self._all: dict[tuple[Node, Frames], State] = {}
        self._texts = 0

    def of(self, node: Node, frames: Frames) -> State:
        """The state of this place and use."""
        found = self._all.get((node, frames))
        if found is None:
            if len(self._all) >= KEPT_STATES:
                self._forget()
            found = self._all[node, frames] = State(node, frames)
        return found

    def remember(self, state: State, text: str, following: State) -> None:
        """This text is right here and leads there."""
        if self._texts >= KEPT_TEXTS:
            self._forget()
        self._texts += 1
        state.known[text] = following

    def _forget(self) -> None:
        for state in self._all.values():
            state.known.clear()
            state.after.clear()
        self._all.clear()
        self._texts = 0
