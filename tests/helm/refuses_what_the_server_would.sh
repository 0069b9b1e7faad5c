#!/usr/bin/env bash
# The chart refuses, with a text that says what to do, what would not start or would lose events; its
# schema refuses every key that it does not know, and values of another form.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools

refuses() {
  local text="$1"
  shift
  ! "$tools/bin/helm" template shop "$chart" "$@" >"$work/said" 2>&1 || fail "renders with $*"
  grep -qF -- "$text" "$work/said" || { cat "$work/said"; fail "$*: expected \"$text\""; }
}
open=(--set 'insecure.http=true,insecure.grpc=true')
two=(--set 'replicas=2')
redis=(--set 'redis.url=redis://redis')

refuses 'anybody could open event streams'
refuses 'anybody could open event streams' --set insecure.grpc=true
refuses 'anybody could call the gRPC API' --set auth.webhookUrl=https://app/door
refuses 'replicas without Redis' "${open[@]}" "${two[@]}"
refuses 'replicas without Redis' "${open[@]}" --set autoscaling.enabled=true
refuses 'redis.existingSecret are both set' "${open[@]}" "${redis[@]}" --set redis.existingSecret.name=redis
refuses 'needs redis.tls.existingSecret' "${open[@]}" "${redis[@]}" --set redis.tls.clientCertificate=true
refuses 'one that begins with rediss' "${open[@]}" "${redis[@]}" --set redis.tls.existingSecret=redis
refuses 'needs tls.grpc.existingSecret' "${open[@]}" --set tls.grpc.clientCa=true
refuses 'autoscaling looks at nothing' "${open[@]}" "${redis[@]}" \
  --set autoscaling.enabled=true,autoscaling.cpuPercent=0
refuses 'without TLS' "${open[@]}" --set tls.grpc.existingSecret=tls,grpcRoute.enabled=true \
  --set 'grpcRoute.parentRefs[0].name=gateway'

"$tools/bin/rendered" closed-schema "$chart/values.schema.json" || fail "the schema is open"
for key in wrong image.wrong redis.existingSecret.wrong auth.jwt.hs256.wrong config.hartbeat \
  services.grpc.port tls.grpc.wrong httpRoute.wrong networkPolicy.wrong; do
  refuses "Additional property ${key##*.} is not allowed" "${open[@]}" --set "$key=1"
done
refuses 'httpRoute.parentRefs' "${open[@]}" --set httpRoute.enabled=true
refuses 'ingress.hosts' "${open[@]}" --set ingress.enabled=true
refuses 'config.heartbeat' "${open[@]}" --set config.heartbeat=15
refuses 'config.slow-consumer' "${open[@]}" --set config.slow-consumer=never
refuses 'redis.url' "${open[@]}" --set redis.url=http://redis
refuses 'shutdown.drainSeconds' "${open[@]}" --set shutdown.drainSeconds=25s
refuses 'auth.tokens.existingSecret' "${open[@]}" --set auth.tokens.existingSecret=Not_A_Name
