{{- /* What the server would refuse at its start, or what would lose events, is refused here. */}}
{{- define "sluice.checks" -}}
{{- $jwt := .Values.auth.jwt }}
{{- $hasJwt := or $jwt.hs256.existingSecret $jwt.jwks.existingSecret $jwt.jwksUrl }}
{{- if not (or $hasJwt .Values.auth.webhookUrl .Values.insecure.http) }}
{{- fail "anybody could open event streams: set one of auth.jwt.hs256.existingSecret, auth.jwt.jwks.existingSecret, auth.jwt.jwksUrl, auth.webhookUrl, or insecure.http=true to allow it" }}
{{- end }}
{{- if not (or $hasJwt .Values.auth.tokens.existingSecret .Values.tls.grpc.clientCa .Values.insecure.grpc) }}
{{- fail "anybody could call the gRPC API: set one of auth.tokens.existingSecret, tls.grpc.clientCa, a key of auth.jwt, or insecure.grpc=true to allow it" }}
{{- end }}
{{- if and .Values.tls.grpc.clientCa (not .Values.tls.grpc.existingSecret) }}
{{- fail "tls.grpc.clientCa needs tls.grpc.existingSecret, whose ca.crt it is" }}
{{- end }}
{{- if and .Values.redis.url .Values.redis.existingSecret.name }}
{{- fail "redis.url and redis.existingSecret are both set; expected one" }}
{{- end }}
{{- with .Values.redis }}
{{- if and .tls.clientCertificate (not .tls.existingSecret) }}
{{- fail "redis.tls.clientCertificate needs redis.tls.existingSecret, whose tls.crt and tls.key it is" }}
{{- end }}
{{- if and .tls.existingSecret .url (not (hasPrefix "rediss" .url)) }}
{{- fail "redis.tls.existingSecret needs a redis.url with TLS, one that begins with rediss" }}
{{- end }}
{{- end }}
{{- $hasRedis := or .Values.redis.url .Values.redis.existingSecret.name }}
{{- if and (not $hasRedis) (or .Values.autoscaling.enabled (gt (int .Values.replicas) 1)) }}
{{- fail "several replicas without Redis would not hear of each other's events: set redis.url or redis.existingSecret.name, or replicas=1" }}
{{- end }}
{{- with .Values.autoscaling }}{{ if and .enabled (not .cpuPercent) (not .connections) }}
{{- fail "autoscaling looks at nothing: set autoscaling.cpuPercent or autoscaling.connections" }}
{{- end }}{{ end }}
{{- if and .Values.grpcRoute.enabled .Values.tls.grpc.existingSecret }}
{{- fail "a GRPCRoute speaks to the pods without TLS: leave tls.grpc to the Gateway, or use a TLSRoute of your own" }}
{{- end }}
{{- end }}
