#!/usr/bin/env bash
# NOTES.txt tells how to try the release, and warns of open ports.
. "$(dirname "${BASH_SOURCE[0]}")/tools.sh"
need_tools
notes() { "$tools/bin/rendered" notes "$chart" "$tests/values/$1.yaml" >"$work/notes"; }
tells() { grep -qF -- "$2" "$work/notes" || { cat "$work/notes"; fail "$1 does not tell: $2"; }; }
hides() { ! grep -qF -- "$2" "$work/notes" || { cat "$work/notes"; fail "$1 tells: $2"; }; }

notes try
tells try "curl -N 'http://127.0.0.1:8080/events?client_id=alice'"
tells try 'port-forward service/shop-sluice-streams 8080:80'
tells try 'sluicectl --server 127.0.0.1:50051 send client alice --data hello'
tells try 'helm -n web test shop'
tells try 'WARNING: anybody'
tells try 'There is no Redis'
notes production
tells production 'Authorization: Bearer $TOKEN'
tells production '--token-file FILE send client'
hides production WARNING
hides production 'There is no Redis'
hides production 'config.trusted-proxy'
notes ingress-tls
tells ingress-tls https://127.0.0.1:8080/events
tells ingress-tls '--tls-ca FILE --tls-cert FILE --tls-key FILE'
tells ingress-tls 'set config.trusted-proxy'
