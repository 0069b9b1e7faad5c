#!/usr/bin/env bash
# `helm lint --strict` has nothing to say, with the defaults and with each value set.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools
"$tools/bin/helm" lint --strict --quiet "$chart" || fail "with the defaults"
for name in $(value_sets); do
  "$tools/bin/helm" lint --strict --quiet "$chart" --values "$tests/values/$name.yaml" || fail "with $name"
done
