"""The engine: runs rules over a project.

`plan` says what there is to do and in which order, `run` runs rules on subjects, `outcome` merges what they
find, `report` applies suppressions and settings; `analysis` composes them, in one process or several.
`session` is for an editor, which analyses again and again, `incremental` for a run that has a cache, `shards`
for a run that does a part.
"""

from cflint.engine.analysis import Run, analyse, analyse_loaded
from cflint.engine.plan import Options
from cflint.engine.run import Stopped

__all__ = ["Options", "Run", "Stopped", "analyse", "analyse_loaded"]
