"""Framework apps: how one is recognised, where its modules run, and how they reach `env`.

`kinds/` has one file a framework: data, and the little code that reads the framework's configuration.
`recognition` finds the app of a folder, `closure` the realm of each module, `islands` what in a module of
both realms runs on one side only. See docs/contributing/frameworks.md.
"""
