"""Where bindings and classes are named, over code, configurations, types and variables; another name for one.

`mention` says what is found, `code`, `python`, `types` and `config` find it in a file each, `names` over a
project, `classes` those of Durable Objects, `rename` gives a binding another name.
"""
