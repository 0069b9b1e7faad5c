#!/usr/bin/env bash
# The server (the first argument) takes each set's arguments, environment and configuration file, and
# the chart's schema knows all flags that the server has.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools
server="$1"

print_config() {
  local name="$1"
  rm -rf "$work/files"
  render "$name" >"$work/$name.yaml"
  "$tools/bin/rendered" server "$work/$name.yaml" "$work/files" >"$work/command"
  # The environment comes first, as `env` wants it, but for the program.
  mapfile -d '' -t words <"$work/command"
  local environment=() word
  for word in "${words[@]}"; do [[ $word == --* ]] || environment+=("$word"); done
  env -i "${environment[@]}" "$server" --print-config "${words[@]:${#environment[@]}}"
}

for name in $(value_sets); do
  print_config "$name" >"$work/$name.toml" 2>"$work/said" || { cat "$work/said"; fail "$name"; }
done

expect() {
  grep -qxF "$2" "$work/$1.toml" || fail "$1: expected $2, got $(grep "^${2%% *} " "$work/$1.toml")"
}
expect production 'tokens-file = "/etc/sluice/tokens/tokens.toml"'
expect production 'shutdown-delay = "10s"'
expect production 'drain = "120s"'
expect production 'history = ["chat.=1000,1h", "ticks.=0"]'
expect production 'shards = "2"'
expect ingress-tls 'http = "[::]:8080"'
expect ingress-tls 'grpc-client-ca = "/etc/sluice/grpc-tls/ca.crt"'
expect every-flag 'max-publish-rate = "2000000"'
expect every-flag 'overload-response = "503"'
expect every-flag 'ready-needs-redis = "true"'
expect every-flag 'redis-tls-key = "/etc/sluice/redis-tls/tls.key"'

# Every key of `config` is in the set that has them all, and has arrived.
"$tools/bin/rendered" schema-keys "$chart/values.schema.json" config | sort >"$work/keys"
while read -r key; do
  grep -q "^  $key:" "$tests/values/every-flag.yaml" || fail "values/every-flag.yaml lacks $key"
  grep -q "^#   $key:" "$chart/values.yaml" || fail "values.yaml does not tell of config.$key"
done <"$work/keys"
env -i "$server" --print-config | sed -n 's/^\(# \)\?\([a-z0-9-]*\) = .*/\2/p' | sort >"$work/flags"
env -i "$server" --print-config | sort >"$work/defaults"
sort "$work/every-flag.toml" | comm -12 - "$work/defaults" | sed 's/ = .*//' | sort | comm -12 - "$work/keys" >"$work/unchanged"
[[ ! -s $work/unchanged ]] || fail "these did not arrive: $(xargs <"$work/unchanged")"

# What the templates set themselves. replica-id is the pod's name and a random suffix.
own=(http grpc admin insecure redis-url redis-tls-ca redis-tls-cert redis-tls-key shutdown-delay drain tokens-file jwt-hs256-file jwks-file jwks-url
  jwt-issuer jwt-audience auth-url tls-cert tls-key grpc-tls-cert grpc-tls-key grpc-client-ca replica-id)
printf '%s\n' "${own[@]}" | sort | sort -m - "$work/keys" >"$work/known"
diff "$work/known" "$work/flags" ||
  fail "< the chart knows, > the server knows; a new flag goes into values.schema.json, values.yaml and every-flag.yaml"

# The pod of `helm test` runs the same program: it gets as far as asking.
status=0
mapfile -t test_arguments < <(render try --show-only templates/tests/ready.yaml |
  sed -n 's/^        - \(--check.*\)$/\1/p' | sed 's|http://[^/]*/|http://127.0.0.1:1/|')
((${#test_arguments[@]} == 2)) || fail "the pod of helm test has other arguments than expected"
env -i "$server" "${test_arguments[@]}" >"$work/said" 2>&1 || status=$?
[[ $status == 1 ]] && grep -q 'readyz' "$work/said" || fail "helm test: $(cat "$work/said")"
