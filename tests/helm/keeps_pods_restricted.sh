#!/usr/bin/env bash
# Every pod, the test's too, passes Pod Security "restricted" by the checks of Kubernetes' own admission,
# writes to no file system, and gets no service account's token.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools
for name in $(value_sets); do
  render "$name" >"$work/$name.yaml"
  [[ $(grep -cE '^kind: (Deployment|Pod)$' "$work/$name.yaml") == 2 ]] || fail "$name: expected two pods"
  "$tools/bin/rendered" pod-security "$work/$name.yaml" || fail "$name"
done
# It sees what is wrong.
for change in 's/runAsNonRoot: true/runAsNonRoot: false/' 's/drop: \[ALL\]/add: [NET_ADMIN]/' \
  's/type: RuntimeDefault/type: Unconfined/' '/automountServiceAccountToken: false/d' \
  's/readOnlyRootFilesystem: true/readOnlyRootFilesystem: false/' \
  's/allowPrivilegeEscalation: false/allowPrivilegeEscalation: true/'; do
  sed "$change" "$work/try.yaml" >"$work/wrong.yaml"
  ! "$tools/bin/rendered" pod-security "$work/wrong.yaml" 2>/dev/null || fail "passes after $change"
done
