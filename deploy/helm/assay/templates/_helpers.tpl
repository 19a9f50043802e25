{{- define "assay.fullname" -}}
{{- if contains "assay" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-assay" .Release.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- /* Labels by which pods of a part are known. */ -}}
{{- define "assay.selector" -}}
app.kubernetes.io/name: assay
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "assay.labels" -}}
{{ include "assay.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- /* An image: a digest goes before a tag, and that of a canary before the release's. */ -}}
{{- define "assay.image" -}}
{{- $image := .root.Values.image -}}
{{- $own := .own | default dict -}}
{{- $digest := $own.digest | default (ternary "" $image.digest (ne ($own.tag | default "") "")) -}}
{{- if $digest }}{{ $image.repository }}@{{ $digest }}{{ else }}{{ $image.repository }}:{{ $own.tag | default $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "assay.claim" -}}
{{ .Values.lake.existingClaim | default (printf "%s-lake" (include "assay.fullname" .)) }}
{{- end }}

{{- define "assay.kafkaSecret" -}}
{{- if .Values.kafka.existingSecret }}{{ .Values.kafka.existingSecret }}{{ else if .Values.kafka.username }}{{ include "assay.fullname" . }}-kafka{{ end }}
{{- end }}

{{- define "assay.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "assay.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities: { drop: [ALL] }
{{- end }}

{{- /* Pods of a part on different nodes and zones, as far as there are some. */ -}}
{{- define "assay.spread" -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- include "assay.selector" $ | nindent 6 }}
{{- end }}
{{- end }}

{{- /* How the cluster is reached, as options of enforce. */ -}}
{{- define "assay.kafkaArgs" -}}
{{- with .Values.kafka }}
{{- range .bootstrap }}
- --bootstrap={{ . }}
{{- end }}
{{- if .tls }}
- --tls
{{- end }}
{{- if .caConfigMap }}
- --tls-ca=/etc/assay/kafka/ca.pem
{{- end }}
{{- if .sasl }}
- --sasl={{ .sasl }}
{{- end }}
{{- end }}
{{- end }}

{{- /* The pod of an enforcer: .root, .part, .own (image), .topics, .group, .evidenceTopic, .isCanary, .claimReadOnly. */ -}}
{{- define "assay.enforcerPod" -}}
{{- $values := .root.Values -}}
{{- $enforcer := $values.enforcer -}}
metadata:
  labels:
    {{- include "assay.labels" . | nindent 4 }}
  annotations:
    checksum/config: {{ include (print .root.Template.BasePath "/config.yaml") .root | sha256sum }}
    {{- with $enforcer.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "assay.fullname" .root }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ $enforcer.terminationGraceSeconds }}
  securityContext:
    {{- include "assay.podSecurity" . | nindent 4 }}
  {{- with $values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- include "assay.spread" . | trim | nindent 4 }}
  {{- with $enforcer.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $enforcer.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if not .isCanary }}
  initContainers:
    {{- include "assay.lakeInit" . | nindent 4 }}
  {{- end }}
  containers:
    - name: enforcer
      image: {{ include "assay.image" . | quote }}
      imagePullPolicy: {{ $values.image.pullPolicy }}
      securityContext:
        {{- include "assay.containerSecurity" . | nindent 8 }}
      args:
        - enforce
        {{- include "assay.kafkaArgs" .root | trim | nindent 8 }}
        {{- range .topics }}
        - --topic={{ . }}
        {{- end }}
        - --group={{ .group }}
        - --evidence-topic={{ .evidenceTopic }}
        - --session-seconds={{ $enforcer.sessionSeconds }}
        - --metrics-host=0.0.0.0
        - --metrics-port={{ $enforcer.metricsPort }}
        - --log=json
        {{- if .isCanary }}
        - --canary
        {{- else if $enforcer.noRun }}
        - --no-run
        {{- else }}
        - --run-seconds={{ $enforcer.runSeconds }}
        {{- end }}
        {{- if $enforcer.fromStart }}
        - --from-start
        {{- end }}
        {{- range $enforcer.extraArgs }}
        - {{ . | quote }}
        {{- end }}
      envFrom:
        - configMapRef: { name: {{ include "assay.fullname" .root }} }
        {{- with include "assay.kafkaSecret" .root }}
        - secretRef: { name: {{ . }} }
        {{- end }}
        {{- with $values.schemaRegistry.existingSecret }}
        - secretRef: { name: {{ . }} }
        {{- end }}
      ports:
        - { name: metrics, containerPort: {{ $enforcer.metricsPort }}, protocol: TCP }
      startupProbe:
        httpGet: { path: /healthz, port: metrics }
        periodSeconds: 5
        failureThreshold: 36
      livenessProbe:
        httpGet: { path: /healthz, port: metrics }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: metrics }
        periodSeconds: 10
        timeoutSeconds: 5
      resources:
        {{- toYaml $enforcer.resources | nindent 8 }}
      volumeMounts:
        {{- include "assay.mounts" .root | nindent 8 }}
  volumes:
    {{- include "assay.volumes" .root | nindent 4 }}
{{- end }}

{{- define "assay.mounts" -}}
- { name: data, mountPath: /data }
- { name: tmp, mountPath: /tmp }
{{- if .Values.kafka.caConfigMap }}
- { name: kafka-ca, mountPath: /etc/assay/kafka, readOnly: true }
{{- end }}
{{- end }}

{{- define "assay.volumes" -}}
- name: data
  persistentVolumeClaim: { claimName: {{ include "assay.claim" . }} }
- name: tmp
  emptyDir: {}
{{- if .Values.kafka.caConfigMap }}
- name: kafka-ca
  configMap: { name: {{ .Values.kafka.caConfigMap }} }
{{- end }}
{{- end }}

{{- /* Makes the lake and the folder of contracts where they aren't there; who comes second tries again, and finds them. */ -}}
{{- define "assay.lakeInit" -}}
- name: lake
  image: {{ include "assay.image" . | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  securityContext:
    {{- include "assay.containerSecurity" . | nindent 4 }}
  command: [sh, -euc, 'mkdir -p "$ASSAY_CONTRACTS"; [ -e "$ASSAY_LAKE/assay-lake.json" ] || assay init']
  envFrom:
    - configMapRef: { name: {{ include "assay.fullname" .root }} }
  resources:
    requests: { cpu: 50m, memory: 128Mi }
    limits: { memory: 512Mi }
  volumeMounts:
    - { name: data, mountPath: /data }
    - { name: tmp, mountPath: /tmp }
{{- end }}
