"""The knobs of this plugin."""

from __future__ import annotations

from pytest_whitebox.core.setting import Setting, boolean

CLOUD = Setting(
    "--os-cloud", "OS_CLOUD", "whitebox_cloud", "", "entry of clouds.yaml to test", convert=str, metavar="NAME"
)
SSH_CONFIG = Setting(
    "--whitebox-ssh-config", "WHITEBOX_SSH_CONFIG", "whitebox_ssh_config", "",
    "ssh_config that leads to the hosts; by default the one beside clouds.yaml, else your own",
    convert=str, metavar="FILE",
)  # fmt: skip
INVENTORY = Setting(
    "--whitebox-inventory", "WHITEBOX_INVENTORY", "whitebox_inventory", "",
    "what the cloud does not tell of its hosts: YAML, or nodes.yaml or tempest.conf of whitebox-tempest-plugin",
    convert=str, metavar="FILE",
)  # fmt: skip
IMAGE = Setting(
    "--whitebox-image", "WHITEBOX_IMAGE", "whitebox_image", "",
    "image that guests boot from; by default the oldest public one with the smallest disk, of those before the run",
    convert=str, metavar="NAME",
)  # fmt: skip
RUNS = Setting(
    "--whitebox-runs", "WHITEBOX_RUNS", "whitebox_runs", ".stackproof/runs",
    "folder that gets a folder for each run", convert=str, metavar="FOLDER",
)  # fmt: skip
STRICT = Setting(
    "--whitebox-strict", "WHITEBOX_STRICT", "whitebox_strict", False,
    "fail tests whose `requires` the cloud does not meet, instead of skipping them", convert=boolean,
)  # fmt: skip

SETTINGS = (CLOUD, SSH_CONFIG, INVENTORY, IMAGE, RUNS, STRICT)
