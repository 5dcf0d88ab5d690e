"""One module with its tree: classes, handlers, values, promises, flow, and edits of its text.

`Module` (in `module`) is what one asks. Its methods are functions of the other files, which take a module
first and know it by the protocols of `interface` only. From the ground: `values` (plain data) and
`interface`; `parameters`, `type_values`, `results`, `evaluator` (what an expression evaluates to); `tree`,
`classes`, `edits`, `across` (the rest of the project); `origins`, `flow`, `control`, `nodes` (views of
nodes), `contents`, `secrets`; `promises`, `dropped`, `lifetime`, `sockets`, `env_uses`, `import_edits`,
`declared_env`, `paging`, `constraints`, `provenance`; `module`; `nodejs`.
"""
