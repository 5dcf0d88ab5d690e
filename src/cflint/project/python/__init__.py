"""Modules of Python Workers.

`PythonModule` (in `module`) is what one asks; the other files know it by the protocols of `interface` only.
From the ground: `nodes`, `names`, `interface`; `tree`, `imports`, `classes`, `values`, `promises`,
`contents`, `effects`; `module`.
All but `interface` load libcst, so other rooms import them inside functions.
"""
