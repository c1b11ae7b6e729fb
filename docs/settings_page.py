"""Print docs/settings.md: every setting, from where it is declared."""

from bitbroker.settings import CONFIG_ENV, declared_settings

HEAD = f"""# Settings

Made by `make generate` from `bitbroker/settings.py`; edit that.

Each setting of `bitbroker serve` comes from a TOML file, the environment or a flag; the environment weighs more than
the file, and a flag weighs most. The file is named by `--config` or `{CONFIG_ENV}`; its keys are the names below:

<!-- sample: broker.toml -->
```toml
num_players = 2
time_limit = 1.5
```

<!-- run: until listening -->
```sh
bitbroker serve --config broker.toml
```

A value that is missing or wrong is one line on standard error, and exit code 2.

| name in a file | flag | variable | what it may be | default | what it does |
|---|---|---|---|---|---|"""

print(HEAD)
for name, info in declared_settings().items():
    default = "required" if info.default is None else f"`{info.default}`"
    print(f"| `{name}` | `{info.flag}` | `{info.env}` | {info.allowed} | {default} | {info.summary} |")
