#!/usr/bin/env bash
# Each alert fires when it should and stays quiet when it should not (alerts_test.yaml), and is told of
# in docs/kubernetes.md. Alerts and dashboard are PromQL, and name
# metrics that the server has.
set -euo pipefail
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$tests/../.." && pwd)
files="$root/helm/sluice/files"
command -v promtool >/dev/null || { echo "SKIPPED: there is no promtool here"; exit 77; }
fail() {
  echo "FAILED: $*"
  exit 1
}

promtool check rules "$files/alerts.yaml"
promtool test rules "$tests/alerts_test.yaml"
alerts=$(sed -n 's/^ *- alert: //p' "$files/alerts.yaml")
for alert in $alerts; do
  # Once where it fires and once where nothing does.
  (($(grep -c "alertname: $alert$" "$tests/alerts_test.yaml") >= 2)) || fail "$alert is not tested"
  grep -q "^| \`$alert\`" "$root/docs/kubernetes.md" || fail "docs/kubernetes.md does not tell of $alert"
done

mapfile -t sources < <(find "$root/server/metrics" -name '*.cc')
for metric in $(grep -ohE '\b(sluice|process)_[a-z_]+' "$files/alerts.yaml" "$files/dashboard.json" | sort -u); do
  base=$(sed -E 's/_(bucket|sum|count)$//' <<<"$metric")
  grep -qE "\"($metric|$base)\"" "${sources[@]}" || fail "there is no metric $metric"
done
# The reasons, results and codes that they look at are ones that the server tells.
for value in $(grep -ohE '(reason|result|code)[!=]~?\\?"[a-zA-Z_|]+' "$files/alerts.yaml" "$files/dashboard.json" |
  sed 's/.*"//' | tr '|' '\n' | sort -u); do
  grep -rqF "\"$value\"" "$root/server/metrics" "$root/edge/sse" || fail "no metric has the value $value"
done

# The dashboard's queries are PromQL: promtool reads them as recording rules.
queries=$(mktemp --suffix .yaml)
trap 'rm -f "$queries"' EXIT
node - "$files/dashboard.json" >"$queries" <<'NODE'
const dashboard = JSON.parse(require('fs').readFileSync(process.argv[2]));
const queries = dashboard.panels.flatMap((panel) => (panel.targets || []).map((t) => t.expr));
const rules = queries.map((query, index) => (
  {record: `dashboard:${index}`, expr: query.replaceAll('$__rate_interval', '5m')}));
if (rules.length === 0) throw new Error('the dashboard asks nothing');
console.log(JSON.stringify({groups: [{name: 'dashboard', rules}]}));
NODE
promtool check rules "$queries"
