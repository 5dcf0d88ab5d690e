"""Workflows, their steps, and the code that runs in a step."""

from __future__ import annotations

import pytest

from cflint.project.code.module import Module
from tests.support.modules import marked, module_of

pytestmark = pytest.mark.portable

IMPORTS = 'import { WorkflowEntrypoint, type WorkflowStep } from "cloudflare:workers";\n'


def workflow(body: str, *, rest: str = "") -> str:
    run = f"async run(event, step) {{ {body} }}"
    return f"{IMPORTS}export class W extends WorkflowEntrypoint {{ {run}\n{rest} }}"


def test_what_runs_a_workflow() -> None:
    code = workflow("", rest="go() {}") + " class Other { async run(event, step) {} }"
    module = module_of(code)
    (run,) = module.workflow_runs()
    assert run.owner is not None and run.owner.name == "W"
    assert run.body is not None and module.text(run.body) == "{  }"


def test_steps() -> None:
    body = """
    await step.sleep("a", 1); const s = step;
    await s.do("b", () => { step.do("c", f); }); other.do("d");
    """
    module = module_of(workflow(body))
    assert [module.text(step.arguments[0]) for step in module.steps(module.root)] == ['"a"', '"b"', '"c"']


@pytest.mark.parametrize(
    ("body", "around"),
    [
        ('step.do("a", () => «x»)', '"a"'),
        ('step.do("a", { timeout: 1 }, async () => { list.map((y) => «x») })', '"a"'),
        ('const work = () => «x»; step.do("a", work)', '"a"'),
        ('const work = () => «x»; step.do("a", work); work()', None),
        ('step.do("a", «x»)', None),
        ('other.do("a", () => «x»)', None),
        ("«x»", None),
    ],
)
def test_the_step_around_a_node(body: str, around: str | None) -> None:
    module, node = marked(workflow(body))
    found = module.step_around(node)
    assert (module.text(found[0].arguments[0]) if found is not None else None) == around
    assert found is None or found[1].start_byte <= node.start_byte < found[1].end_byte


def test_what_is_no_step() -> None:
    module: Module = module_of(workflow('step.other("a"); new step.do("a"); step;'))
    assert module.steps(module.root) == ()
    assert module.step_of(None) is None
