"""Every flow has its diagram and its place in the documents."""

import pytest

from tests.docs.tools import DOCS, ROOT
from workflows.flows import FLOWS


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_each_flow_has_its_diagram(flow):
    assert (DOCS / "flows" / f"{flow.instance.flow_label.split('/')[-1]}.svg").is_file()


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_each_flow_is_in_the_readme_of_its_app(flow):
    text = (ROOT / "workflows" / "README.md").read_text(encoding="utf-8")
    assert f"`{flow.__name__}`" in text
