# Sourced by the tests of the chart: sets chart, helm and tools, and ends the test where the tools are
# missing. SLUICE_HELM_TESTS=required makes that a failure.
set -euo pipefail
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$tests/../.." && pwd)
chart="$root/helm/sluice"
tools="${SLUICE_HELM_TOOLS:-$root/build/tools/helm}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Helm reads and writes nothing of the user's.
export HELM_CONFIG_HOME="$work" HELM_CACHE_HOME="$work" HELM_DATA_HOME="$work"

fail() {
  echo "FAILED: $*"
  exit 1
}

need_tools() {
  local status=0
  "$tests/tools/install.sh" "$tools" || status=$?
  ((status != 77)) || [[ ${SLUICE_HELM_TESTS:-} == required ]] || exit 77
  ((status == 0)) || fail "the tests of the Helm chart could not run, and SLUICE_HELM_TESTS=${SLUICE_HELM_TESTS:-}"
}

# The names of the value sets.
value_sets() {
  (cd "$tests/values" && printf '%s\n' *.yaml | sed 's/\.yaml$//')
}

render() {
  "$tools/bin/helm" template shop "$chart" --namespace web --values "$tests/values/$1.yaml" "${@:2}"
}
