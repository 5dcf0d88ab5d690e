"""Scripts that build an app and deploy it, where the build writes the configuration that wrangler reads."""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import Location, Project, Worker, config, pattern, record

_PLUGIN = "@cloudflare/vite-plugin"
_ADAPTER_WITH_PLUGIN = 13
"""The first version of Astro's adapter that builds with the plugin."""
_BUILDS = pattern(r"(?<![\w-])build(?![\w-])")


@record(frozen=True)
class Deploy:
    """A call of wrangler that deploys what the same script has built, and where the script stands."""

    call: config.WranglerCall
    script: str
    at: Location


def deploys(project: Project, worker: Worker) -> Iterator[Deploy]:
    """The deployments in the package.json of an app that the Vite plugin of Cloudflare builds. Its build
    leaves a `.wrangler/deploy/config.json`, by which wrangler finds the configuration that was built."""
    app, configuration = worker.app, worker.config
    if (
        app is None
        or configuration is None
        or configuration.is_pages
        or not _is_built_by_plugin(project, worker)
    ):
        return
    document = project.sources.document(f"{app.folder}/package.json" if app.folder else "package.json")
    if document is None:
        return
    scripts = config.Manifest(document).root.get("scripts")
    for member in scripts.members if scripts is not None else ():
        text = member.value.text or ""
        built = _BUILDS.search(text)
        if built is None:
            continue
        for call in config.wrangler_calls(text[built.end() :], app.folder):
            if call.deploys and call.folder == app.folder:
                yield Deploy(call, text, Location(document, member.value.span))


def _is_built_by_plugin(project: Project, worker: Worker) -> bool:
    app = worker.app
    assert app is not None
    if app.kind.id == "astro":
        return (app.layout.major or 0) >= _ADAPTER_WITH_PLUGIN
    options = config.app_options(project, app, "vite.config")
    return options is not None and _PLUGIN in options.imports
