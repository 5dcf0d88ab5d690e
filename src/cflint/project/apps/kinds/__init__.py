"""One file a framework; `cflint.project.apps.registry` has the list."""
