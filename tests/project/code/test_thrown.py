"""Where `null` is taken for an object, and which `catch` takes an error for good."""

from __future__ import annotations

import pytest

from cflint.project.code.module import Module
from cflint.project.code.nodes import Call
from cflint.project.code.thrown import catch_around, thrown_by_null
from tests.support.modules import module_of

pytestmark = pytest.mark.portable


def subject(body: str) -> tuple[Module, Call]:
    """The module of an asynchronous function with a body, and the call `here(…)` in it."""
    module = module_of(f"async function subject(x: any) {{ {body} }}\n")
    return module, Call(module, next(module.calls_of("here", module.syntax.root)))


READ = {
    "const data = here(); x(data.name);": "data",
    "const { name } = here();": "{ name }",
    "const data = await here(); const { name } = data;": "data",
    "let data; try { data = here() } catch { return } x(data.name);": "data",
    "let data; try { data = here() } catch { data = {} } x(data.name);": "data",
    "const data = here(); console.log('got', data, JSON.stringify(data)); x(data.name);": "data",
    "const data = here() as any; if (data.name === 'a') x();": "data",
    "const data = here(); data.name = 1;": "data",
    "const data = here(); take(data); function take(given: any) { return given.name }": "data",
}


@pytest.mark.parametrize("body", READ)
def test_a_property_of_what_may_be_null_is_read(body: str) -> None:
    module, call = subject(body)
    read = thrown_by_null(module, call.whole)
    assert read is not None
    assert module.text(read) == READ[body]


@pytest.mark.parametrize(
    "body",
    [
        "here();",
        "const data = here(); x(data);",
        "const data = here(); x(data?.name);",
        "const data = here(); if (!data) return; x(data.name);",
        "const data = here(); if (data === null) return; x(data.name);",
        "let data = here(); data = data ?? {}; x(data.name);",
        "let data = here(); if (x) data = {}; x(data.name);",
        "const data = here(); const given = schema.parse(data); x(data.name);",
        "const data = here(); take(data); function take(given: any = {}) { return given.name }",
        "const data = here(); take(data); function take(given: any) { return given && given.name }",
    ],
)
def test_what_is_asked_for_or_handed_on_is_not_taken_for_an_object(body: str) -> None:
    module, call = subject(body)
    assert thrown_by_null(module, call.whole) is None


@pytest.mark.parametrize(
    "body",
    [
        "try { here() } catch { }",
        "try { here() } catch (error) { return null }",
        "try { here() } catch (error) { if (x) return null; throw error }",
        "try { here() } catch (error) { throw new Refused(400) }",
        "try { here() } catch (error) { throw other }",
        "try { try { here() } catch (error) { throw error } } catch { }",
    ],
)
def test_a_catch_takes_an_error_for_good(body: str) -> None:
    module, call = subject(body)
    assert catch_around(module, call.node) is not None


@pytest.mark.parametrize(
    "body",
    [
        "here();",
        "try { here() } finally { x() }",
        "try { x() } catch { here() }",
        "try { here() } catch (error) { throw error }",
        "try { here() } catch (error) { console.error(error); throw new Error('no', { cause: error }) }",
        "try { here() } catch (error) { if (x) throw error; throw new Error('no') }",
    ],
)
def test_a_catch_that_only_throws_on_takes_no_error(body: str) -> None:
    module, call = subject(body)
    assert catch_around(module, call.node) is None
