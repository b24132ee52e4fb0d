#!/bin/bash
# DevStack plugin: installs stackproof beside a cloud, and tells it how to get at the hosts. As devstack/plugin.sh and
# devstack/settings of the repository that local.conf names:
#   enable_plugin stackproof URL

function install_stackproof {
    python3 -m venv "$STACKPROOF_VENV"
    "$STACKPROOF_VENV/bin/pip" install "$STACKPROOF_DIR"
}

# Hosts, services, files and units are discovered; only the way in has to be told.
function configure_stackproof {
    mkdir -p "$STACKPROOF_VENV/etc"
    cat >"$STACKPROOF_VENV/etc/hosts.yaml" <<END
defaults:
  user: $STACK_USER
  key: $STACKPROOF_KEY
hosts: {}
END
}

function run_stackproof {
    "$STACKPROOF_VENV/bin/pytest" --os-cloud "$STACKPROOF_CLOUD" \
        --whitebox-inventory "$STACKPROOF_VENV/etc/hosts.yaml" --pyargs stackproof_suites \
        --html "$LOGDIR/stackproof.html" --self-contained-html --junit-xml "$LOGDIR/stackproof.xml"
}

if is_service_enabled stackproof; then
    case "$1 $2" in
    "stack install") install_stackproof ;;
    "stack test-config") configure_stackproof ;;
    "clean ") rm -rf "$STACKPROOF_VENV" ;;
    esac
fi
