"""Many repositories at once: a sweep.

`sources` says which repositories there are, `states` what of one is looked at, `examine` what is found in
it, `facts` and `owners` what is known besides. `isolation` does that in a process of its own, `work` is what
a worker of Dask calls, `cluster` connects to the workers. `sweep` hands out the work and keeps what comes
back in the `journal`; `tables` writes it, by the `schema`. `questions`, `page` and `compare` read what was
written.

Imported where used: Dask, Arrow and DuckDB, which extras install.
"""
