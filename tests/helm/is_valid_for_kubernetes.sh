#!/usr/bin/env bash
# What is rendered fits the schemas of Kubernetes, the Gateway API and the Prometheus operator, of the
# oldest Kubernetes that the chart allows and of the newest that kubectl-validate knows.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools
validate() {
  "$tools/bin/kubectl-validate" "$1" --version "$2" --local-crds "$tools/schemas" >"$work/said" 2>&1
}
for name in $(value_sets); do
  render "$name" >"$work/$name.yaml"
  for version in 1.27 1.30; do
    validate "$work/$name.yaml" "$version" || { cat "$work/said"; fail "$name with Kubernetes $version"; }
  done
done
# It sees what is wrong: in a built-in kind, and in each that comes from elsewhere.
for kind in Deployment HTTPRoute GRPCRoute ServiceMonitor PrometheusRule; do
  grep -q "^kind: $kind$" "$work/production.yaml" || fail "production has no $kind"
  sed "/^kind: $kind$/,/^---$/s/^spec:/specification:/" "$work/production.yaml" >"$work/wrong.yaml"
  ! validate "$work/wrong.yaml" 1.30 || fail "a wrong $kind passes"
done
