#!/usr/bin/env bash
# Each value set renders what golden/ holds. `--update` writes it there, to be looked at in the diff.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools
failed=0
for name in $(value_sets); do
  golden="$tests/golden/$name.yaml"
  render "$name" >"$work/$name.yaml" || fail "$name does not render"
  [[ ${1:-} != --update ]] || cp "$work/$name.yaml" "$golden"
  diff -u "$golden" "$work/$name.yaml" || failed=1
done
((failed == 0)) || fail "after a look at the differences run tests/helm/renders_as_before.sh --update"
diff <(value_sets) <(cd "$tests/golden" && printf '%s\n' *.yaml | sed 's/\.yaml$//') ||
  fail "golden/ has files of value sets that are not there"
