"""The human steps of all flows, by their titles in the language of the page."""

from workflows.flows import FLOWS
from workflows.nodes import GuardedView


def human_nodes() -> list[GuardedView]:
    """Every step that people do."""
    return [node for flow in FLOWS for node in flow.instance.nodes() if isinstance(node, GuardedView)]


def nodes_called(term: str) -> list[GuardedView]:
    """Human steps whose title or headline contains a word."""
    word = term.casefold()
    return [node for node in human_nodes() if word in f"{node.task_title} {node.headline}".casefold()]
