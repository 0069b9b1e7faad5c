#!/usr/bin/env bash
# The grace period is delay, drain and margin, as the flags have them, and a rollout never takes a pod
# away before another is ready.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools
number() { sed -n "s/^ *\(- --\)\?$1[:=] *\([0-9]*\)s\?$/\2/p" "$work/rendered.yaml"; }

for times in '5 25 15' '10 120 15' '0 0 1' '600 3600 30'; do
  read -r delay drain margin <<<"$times"
  render try --set "shutdown.delaySeconds=$delay,shutdown.drainSeconds=$drain,shutdown.marginSeconds=$margin" \
    >"$work/rendered.yaml"
  [[ $(number shutdown-delay) == "$delay" && $(number drain) == "$drain" ]] || fail "flags for $times"
  [[ $(number terminationGracePeriodSeconds) == $((delay + drain + margin)) ]] || fail "grace for $times"
  [[ $(number maxSurge) == 1 && $(number maxUnavailable | head -1) == 1 ]] || fail "rollout"
done
render try --show-only templates/deployment.yaml >"$work/rendered.yaml"
[[ $(number maxUnavailable) == 0 && $(number minReadySeconds) -gt 0 ]] || fail "rollout"

# Pods are replaced when the configuration changes, and only then.
checksum() { render "$@" --show-only templates/deployment.yaml | grep 'checksum/config'; }
[[ $(checksum try) == $(checksum try --set services.admin.port=9091) ]] || fail "replaced without need"
[[ $(checksum try) != $(checksum try --set config.heartbeat=20s) ]] || fail "not replaced"
