{{- /* Pod Security "restricted", for every pod of the chart. */}}
{{- define "sluice.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "sluice.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- /* The Secrets that the server reads files from: the flag that names each of their keys. They are
mounted whole folders, never by subPath, so that the files change with the Secret. */}}
{{- define "sluice.secrets" -}}
{{- with .Values.auth }}
{{- with .tokens }}{{ if .existingSecret }}
tokens: {secret: {{ .existingSecret | quote }}, flags: {tokens-file: {{ .key | quote }}}}
{{- end }}{{ end }}
{{- with .jwt.hs256 }}{{ if .existingSecret }}
jwt: {secret: {{ .existingSecret | quote }}, flags: {jwt-hs256-file: {{ .key | quote }}}}
{{- end }}{{ end }}
{{- with .jwt.jwks }}{{ if .existingSecret }}
jwks: {secret: {{ .existingSecret | quote }}, flags: {jwks-file: {{ .key | quote }}}}
{{- end }}{{ end }}
{{- end }}
{{- with .Values.tls.streams.existingSecret }}
tls: {secret: {{ . | quote }}, flags: {tls-cert: tls.crt, tls-key: tls.key}}
{{- end }}
{{- with .Values.redis.tls }}{{ if .existingSecret }}
redis-tls:
  secret: {{ .existingSecret | quote }}
  flags: {redis-tls-ca: ca.crt{{ if .clientCertificate }}, redis-tls-cert: tls.crt, redis-tls-key: tls.key{{ end }}}
{{- end }}{{ end }}
{{- with .Values.tls.grpc }}{{ if .existingSecret }}
grpc-tls:
  secret: {{ .existingSecret | quote }}
  flags: {grpc-tls-cert: tls.crt, grpc-tls-key: tls.key{{ if .clientCa }}, grpc-client-ca: ca.crt{{ end }}}
{{- end }}{{ end }}
{{- end }}

{{- define "sluice.arguments" -}}
- --http={{ .Values.listenAddress }}:8080
- --grpc={{ .Values.listenAddress }}:50051
- --admin={{ .Values.listenAddress }}:9090
- --config=/etc/sluice/config/sluice.toml
- --shutdown-delay={{ .Values.shutdown.delaySeconds }}s
- --drain={{ .Values.shutdown.drainSeconds }}s
{{- range $port, $isOpen := .Values.insecure }}{{ if $isOpen }}
- --insecure={{ $port }}
{{- end }}{{ end }}
{{- with .Values.redis.url }}
- {{ printf "--redis-url=%s" . | quote }}
{{- end }}
{{- range $folder, $entry := include "sluice.secrets" . | fromYaml }}{{ range $flag, $key := $entry.flags }}
- --{{ $flag }}=/etc/sluice/{{ $folder }}/{{ $key }}
{{- end }}{{ end }}
{{- with .Values.auth }}
{{- range $flag, $value := dict "jwks-url" .jwt.jwksUrl "jwt-issuer" .jwt.issuer "jwt-audience" .jwt.audience "auth-url" .webhookUrl }}
{{- if $value }}
- {{ printf "--%s=%s" $flag $value | quote }}
{{- end }}{{ end }}{{ end }}
{{- end }}

{{- /* TOML takes what JSON takes for strings and lists; whole numbers come from Helm as floats. */}}
{{- define "sluice.toml" -}}
{{- range $flag, $value := .Values.config }}
{{ $flag }} = {{ kindIs "float64" $value | ternary ($value | int64) ($value | toJson) }}
{{- end }}
{{- end }}
