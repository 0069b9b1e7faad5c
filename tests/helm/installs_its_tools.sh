#!/usr/bin/env bash
# The tools can be had here, and are what they should be.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools
[[ $("$tools/bin/helm" version --short) == v3.* ]] || fail "this is not Helm 3"
"$tools/bin/kubectl-validate" --help >/dev/null || fail "kubectl-validate does not start"
