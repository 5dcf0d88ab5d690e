"""Turn Node.js on for Nitro's build where code uses what its stand-ins lack.

Without `nodejs_compat`, and with a compatibility date before 2026-08-04, Nitro puts stand-ins of unenv in
the place of Node.js's modules. Most functions of its `node:crypto` throw "not implemented yet" when they are
called.

## Incorrect

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "compatibility_date": "2026-06-01",
  "observability": { "enabled": true },
}
```

```ts title="nitro.config.ts"
export default defineNitroConfig({ preset: "cloudflare_module" });
```

```ts title="server/routes/index.ts"
import { createHash } from "node:crypto";

export default defineEventHandler((event) => createHash("sha256").update(event.path).digest("hex"));
```

## Correct

```json title="package.json"
{ "devDependencies": { "nitropack": "^2.13.0" } }
```

```jsonc title="wrangler.jsonc"
{
  "name": "visits",
  "compatibility_date": "2026-06-01",
  "compatibility_flags": ["nodejs_compat"],
  "observability": { "enabled": true },
}
```

```ts title="nitro.config.ts"
export default defineNitroConfig({ preset: "cloudflare_module" });
```

```ts title="server/routes/index.ts"
import { createHash } from "node:crypto";

export default defineEventHandler((event) => createHash("sha256").update(event.path).digest("hex"));
```

## Not reported

A configuration of Nitro that speaks of `nodeCompat` or `deployConfig`; no compatibility date in wrangler's
configuration, whose place Nitro's own may take; other modules, and functions that the stand-in has; imports
of types.

## Fix safety

Safe. The fix adds the flag `nodejs_compat`.

Source: the code of the packages (nitropack 2.13.6, `dist/presets/cloudflare/utils.mjs`: `enableNodeCompat`;
unenv 2.0.0-rc.24, `dist/runtime/node/internal/crypto/node.mjs`)
"""

from __future__ import annotations

from collections.abc import Iterator

from cflint.api import (
    PREVIEW,
    Documents,
    Finding,
    Fix,
    Match,
    Safety,
    Severity,
    config,
    fixes,
    import_of,
    rule,
)

_STEMS = {"nitro": "nitro.config", "nuxt": "nuxt.config"}
_LACKS = frozenset(
    {"createCipheriv", "createDecipheriv", "createDiffieHellman", "createECDH", "createHash"}
    | {"createHmac", "createPrivateKey", "createPublicKey", "createSecretKey", "createSign"}
    | {"createVerify", "diffieHellman", "generateKey", "generateKeyPair", "generateKeyPairSync"}
    | {"generateKeySync", "hash", "hkdf", "hkdfSync", "pbkdf2", "pbkdf2Sync", "privateDecrypt"}
    | {"privateEncrypt", "publicDecrypt", "publicEncrypt", "randomInt", "scrypt", "scryptSync"}
    | {"sign", "timingSafeEqual", "verify"}
)
_SAYS = (b"nodeCompat", b"deployConfig")


@rule(
    import_of("node:crypto", "crypto"),
    severity=Severity.WARNING,
    fix=Safety.SAFE,
    presets=(PREVIEW,),
    documents=Documents.NOTHING,
)
def check(match: Match) -> Iterator[Finding]:
    module = match.module
    app = module.app
    if app is None or app.kind.id not in _STEMS or not module.environments:
        return
    if config.declares(module.project.workspace, app.folder, "nitro"):
        return  # Nitro 3 decides otherwise
    options = config.app_options(module.project, app, _STEMS[app.kind.id])
    if options is None or any(word in options.document.data for word in _SAYS):
        return
    for environment in module.environments:
        if environment.compatibility_date is None or environment.enables("nodejs_compat") is not False:
            return
    refs = [it.imported for it in module.imported_by(match.node)]
    name = next((ref.name for ref in refs if ref and not ref.type_only and ref.name in _LACKS), None)
    if name is None:
        return
    edits = fixes.add_flag(module.environments, "nodejs_compat")
    yield Finding(
        f"`{name}` throws in what Nitro builds without `nodejs_compat`: its stand-in is not implemented",
        match.at(match.node),
        fix=Fix.of("Add the flag `nodejs_compat`", edits, Safety.SAFE),
    )
