"""Where Nitro is told to write a Worker's configuration."""

DEPLOY_CONFIG = {
    "nitro.config": ("cloudflare", "deployConfig"),
    "nuxt.config": ("nitro", "cloudflare", "deployConfig"),
}
"""The path of the option, by the stem of the file that has it."""
