#!/usr/bin/env bash
# Builds what the chart is checked with into a folder: helm, kubectl-validate and `rendered` (this
# module pins them), and the schemas of the Gateway API and the Prometheus operator. Does nothing when
# they are there already. Exits 77 after one line where they cannot be had.
set -euo pipefail
source_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder="$1"

# The minor version of Kubernetes that the module's k8s.io packages are of.
kubernetes_minor=30
go_oldest=1.22
toolchain=go1.22.12
schema_modules=(
  'sigs.k8s.io/gateway-api@v1.2.1 config/crd/standard'
  'github.com/prometheus-operator/prometheus-operator@v0.75.2 example/prometheus-operator-crd')
schemas=(
  gateway.networking.k8s.io_httproutes.yaml gateway.networking.k8s.io_grpcroutes.yaml
  monitoring.coreos.com_servicemonitors.yaml monitoring.coreos.com_prometheusrules.yaml)

skip() {
  echo "SKIPPED: the tools for Helm charts could not be installed: $*"
  exit 77
}

# The folder that a module's files lie in, after it was fetched and checked against the checksum
# database.
module_folder() {
  (cd / && go mod download -json "$1") | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'
}

# Debian's Go is older than the tools want, so the newer one comes as the module that Go would fetch
# by itself from 1.21 on. Modules keep no executable bits.
use_newer_go() {
  local root
  root=$(module_folder "golang.org/toolchain@v0.0.1-$toolchain.$(go env GOOS)-$(go env GOARCH)")
  [[ -n $root ]] || return 1
  chmod +x "$root"/bin/* "$root"/pkg/tool/*/*
  PATH="$root/bin:$PATH"
  export GOROOT="$root" GOTOOLCHAIN=local
}

# Nobody waits for these programs, so compiling them takes no time for optimizing.
build_programs() {
  local lint=helm.sh/helm/v3/pkg/lint/rules chart=helm.sh/helm/v3/pkg/chartutil
  local versions="-X $lint.k8sVersionMajor=1 -X $lint.k8sVersionMinor=$kubernetes_minor"
  versions+=" -X $chart.k8sVersionMajor=1 -X $chart.k8sVersionMinor=$kubernetes_minor"
  cd "$source_folder"
  GOFLAGS=-mod=readonly CGO_ENABLED=0 GOBIN="$folder/bin" nice go install -trimpath \
    -gcflags='all=-N -l' -ldflags "-s -w $versions" \
    helm.sh/helm/v3/cmd/helm sigs.k8s.io/kubectl-validate ./rendered
}

copy_schemas() {
  local entry from name
  rm -rf "$folder/schemas"
  mkdir -p "$folder/schemas"
  for entry in "${schema_modules[@]}"; do
    from=$(module_folder "${entry% *}")/${entry#* }
    for name in "${schemas[@]}"; do
      [[ ! -f $from/$name ]] || install -m 644 "$from/$name" "$folder/schemas/"
    done
  done
  for name in "${schemas[@]}"; do [[ -f $folder/schemas/$name ]] || return 1; done
}

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
exec 9>"$folder/.lock"
flock 9

pins=$(cat "${BASH_SOURCE[0]}" "$source_folder/go.sum" "$source_folder"/rendered/*.go | sha256sum)
[[ ! -f $folder/.installed || $(<"$folder/.installed") != "$pins" ]] || exit 0

command -v go >/dev/null || skip "there is no Go here"
version=$(go env GOVERSION)
if [[ $(printf '%s\n' "$go_oldest" "${version#go}" | sort -V | head -1) != "$go_oldest" ]]; then
  use_newer_go || skip "$version is older than $go_oldest, and a newer one cannot be fetched"
fi
(build_programs) >"$folder/log" 2>&1 || skip "$(tail -n 1 "$folder/log")"
copy_schemas || skip "the schemas of other projects could not be fetched"
echo "$pins" >"$folder/.installed"
