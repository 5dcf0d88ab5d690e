"""The suite runs on a fixed day, so that no test rots: rules about dates ask `cflint.platform.clock`."""

import os

os.environ["CFLINT_TODAY"] = "2026-09-01"
