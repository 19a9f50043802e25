import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { enforce } from '../../cli/commands/enforce.ts';
import { serve } from '../../cli/commands/serve.ts';
import { parseCommandLine } from '../../cli/parse-args.ts';
import { CHART, type Judged, type Rendered, renderCases } from './charts.ts';

/** The chart as Helm renders it: what must hold whatever the values, and what single values change. */

const LEAST = {
  image: { repository: 'registry.example.org/assay' },
  kafka: {
    bootstrap: ['b-1.example.org:9098', 'b-2.example.org:9098'],
    sasl: 'aws-msk-iam',
    region: 'eu-west-2',
  },
  enforcer: { topics: ['raw.orders.events', 'raw.payments.events'] },
  controlPlane: {
    publicUrl: 'https://assay.example.org',
    oidc: { issuer: 'https://login.example.org', audience: 'assay' },
  },
};
const scaled = (kind: string) => ({ ...LEAST, enforcer: { ...LEAST.enforcer, autoscaling: { kind } } });
const CANARY = {
  enabled: true,
  image: { tag: '0.2.0' },
  rollback: { prometheusUrl: 'http://prometheus.monitoring:9090' },
};
const ALL = {
  ...scaled('keda'),
  canary: CANARY,
  controlPlane: {
    ...LEAST.controlPlane,
    autoscaling: { enabled: true },
    ingress: { enabled: true, host: 'assay.example.org', tlsSecret: 'assay-tls', className: 'nginx' },
  },
  serviceMonitor: { enabled: true },
  prometheusRule: { enabled: true },
};
const WITH_PASSWORD = { ...LEAST.kafka, sasl: 'scram-sha-512', username: 'assay', password: 'open-sesame' };
const CASES = {
  least: LEAST,
  all: ALL,
  external: scaled('external'),
  password: { ...LEAST, kafka: WITH_PASSWORD, lake: { existingClaim: 'efs' } },
  alone: { ...LEAST, controlPlane: { enabled: false }, networkPolicy: { enabled: false } },
  digest: {
    ...LEAST,
    image: { repository: 'r.example.org/assay', digest: `sha256:${'a'.repeat(64)}` },
    canary: CANARY,
  },
};
const REFUSED = {
  'no image': [{ ...LEAST, image: {} }, 'image.repository is missing'],
  'no broker': [{ ...LEAST, kafka: {} }, 'kafka.bootstrap is missing'],
  'no topic': [{ ...LEAST, enforcer: {} }, 'enforcer.topics is missing'],
  'no password': [{ ...LEAST, kafka: { ...LEAST.kafka, sasl: 'plain' } }, 'needs kafka.existingSecret'],
  'no region': [{ ...LEAST, kafka: { ...LEAST.kafka, region: '' } }, 'needs kafka.region'],
  'a token in the clear': [{ ...LEAST, kafka: { ...LEAST.kafka, tls: false } }, 'in the clear'],
  'a shared group': [
    { ...LEAST, canary: { ...CANARY, group: 'assay-enforcer' } },
    'a group and an evidence topic of its own',
  ],
  'nobody to sign in': [{ ...LEAST, controlPlane: {} }, 'controlPlane needs publicUrl'],
  'an unknown mechanism': [{ ...LEAST, kafka: { ...LEAST.kafka, sasl: 'kerberos' } }, 'sasl'],
  'a misspelt value': [{ ...LEAST, enforcer: { ...LEAST.enforcer, tpics: [] } }, 'tpics'],
} as const;

const missing = (what: string): never => {
  throw new Error(what);
};

let judged: ReadonlyMap<string, Judged>;
beforeAll(() => {
  const refused = Object.fromEntries(Object.entries(REFUSED).map(([name, [values]]) => [name, values]));
  judged = renderCases({ ...CASES, ...refused });
});

const caseOf = (name: string): Judged => judged.get(name) ?? missing(`no case ${name}`);
const named = (of: string, kind: string, name: string): Rendered | undefined =>
  caseOf(of).objects.find((one) => one.kind === kind && one.metadata.name === name);

const Container = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
  securityContext: z.looseObject({}),
  resources: z.looseObject({ requests: z.looseObject({}), limits: z.looseObject({ memory: z.string() }) }),
});
const Pod = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
  spec: z.looseObject({
    automountServiceAccountToken: z.boolean(),
    securityContext: z.looseObject({}),
    containers: z.array(Container).length(1),
    initContainers: z.array(Container).default([]),
    topologySpreadConstraints: z.array(z.looseObject({ topologyKey: z.string() })).default([]),
  }),
});
const Workload = z.looseObject({ spec: z.looseObject({ template: Pod }) });
const Cron = z.looseObject({ spec: z.looseObject({ jobTemplate: Workload }) });

/** Every pod that a case starts, by the name of what starts it. */
function podsOf(name: string): [string, z.infer<typeof Pod>][] {
  return caseOf(name).objects.flatMap((one): [string, z.infer<typeof Pod>][] => {
    if (one.kind === 'Deployment') return [[one.metadata.name, Workload.parse(one).spec.template]];
    if (one.kind === 'CronJob') return [[one.metadata.name, Cron.parse(one).spec.jobTemplate.spec.template]];
    return [];
  });
}

const containerOf = (of: string, name: string) =>
  podsOf(of).find(([found]) => found === name)?.[1].spec.containers[0] ?? missing(`no pod ${name}`);

describe.each(Object.keys(CASES))('with the values of %s', (name) => {
  test("Helm finds nothing, and Kubernetes' schemas know every member of every object", () => {
    const { lint, wrong, error, objects } = caseOf(name);
    expect({ lint, wrong, error }).toEqual({ lint: [], wrong: [], error: null });
    expect(objects.length).toBeGreaterThan(5);
    const ids = objects.map((one) => `${one.kind} ${one.metadata.name}`);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('no pod is root, writes into its image, may be more than it is, or takes memory without end', () => {
    expect(podsOf(name).length).toBeGreaterThan(0);
    for (const [pod, { spec }] of podsOf(name)) {
      expect([pod, spec.securityContext]).toEqual([
        pod,
        expect.objectContaining({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }),
      ]);
      for (const { securityContext, resources } of [...spec.initContainers, ...spec.containers]) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          privileged: false,
          capabilities: { drop: ['ALL'] },
        });
        expect(Object.keys(resources.requests).sort()).toEqual(['cpu', 'memory']);
      }
      // Who has no business with Kubernetes has no token for it.
      expect([pod, spec.automountServiceAccountToken]).toEqual([pod, pod.endsWith('-guard')]);
    }
  });

  test('what selects pods selects those of one part', () => {
    const pods = podsOf(name).map(([, { metadata }]) => metadata.labels);
    const Selecting = z.looseObject({
      spec: z.looseObject({
        selector: z.looseObject({}).optional(),
        podSelector: z.looseObject({}).optional(),
      }),
    });
    for (const one of caseOf(name).objects) {
      if (!['Deployment', 'Service', 'PodDisruptionBudget', 'NetworkPolicy'].includes(one.kind)) continue;
      const { selector, podSelector } = Selecting.parse(one).spec;
      const labels = z
        .record(z.string(), z.string())
        .parse((selector?.matchLabels ?? podSelector?.matchLabels ?? selector) as unknown);
      const chosen = pods.filter((pod) => Object.entries(labels).every(([key, value]) => pod[key] === value));
      expect([one.kind, one.metadata.name, chosen.length]).toEqual([one.kind, one.metadata.name, 1]);
    }
  });

  test('the commands are those that assay takes', () => {
    const commands = new Map([enforce, serve].map((one) => [one.name, one]));
    for (const [pod, { spec }] of podsOf(name)) {
      const [word = '', ...words] = spec.containers[0]?.args ?? [];
      if (pod.endsWith('-guard')) continue;
      const command = commands.get(word) ?? missing(`${pod} starts ${word}`);
      expect(parseCommandLine(command, words).positionals).toEqual([]);
    }
  });
});

test.each(Object.entries(REFUSED))('%s is refused, and why is said', (name, [, why]) => {
  const { error } = caseOf(name);
  expect([name, error]).toEqual([name, expect.stringContaining(why)]);
});

describe('the enforcer', () => {
  test('is asked at /healthz and /readyz, has time to land what it has, and stands on several nodes', () => {
    const [, pod] = podsOf('least').find(([name]) => name === 'assay-enforcer') ?? [];
    expect(pod?.spec).toMatchObject({ terminationGracePeriodSeconds: 120 });
    expect(pod?.spec.containers[0]).toMatchObject({
      livenessProbe: { httpGet: { path: '/healthz', port: 'metrics' } },
      readinessProbe: { httpGet: { path: '/readyz', port: 'metrics' } },
      startupProbe: { httpGet: { path: '/healthz' } },
    });
    expect(pod?.spec.topologySpreadConstraints.map(({ topologyKey }) => topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ]);
    expect(named('least', 'PodDisruptionBudget', 'assay-enforcer')).toMatchObject({
      spec: { minAvailable: 1 },
    });
  });

  test('finds a lake, which is made where there is none, by a shell as the image has it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'assay-lake-'));
    try {
      const [, pod] = podsOf('least').find(([name]) => name === 'assay-enforcer') ?? [];
      const [shell = '', flags = '', script = ''] = pod?.spec.initContainers[0]?.command ?? [];
      const places = z
        .looseObject({ data: z.looseObject({ ASSAY_LAKE: z.string(), ASSAY_CONTRACTS: z.string() }) })
        .parse(named('least', 'ConfigMap', 'assay')).data;
      await symlink(path.resolve('cli/assay.mjs'), path.join(folder, 'assay'));
      const own = (place: string): string => path.join(folder, place);
      const env = {
        PATH: `${folder}:${process.env.PATH}`,
        ASSAY_LAKE: own(places.ASSAY_LAKE),
        ASSAY_CONTRACTS: own(places.ASSAY_CONTRACTS),
      };
      for (const times of ['first', 'second'])
        expect([times, spawnSync(shell, [flags, script], { env, encoding: 'utf8' })]).toMatchObject([
          times,
          { status: 0, stderr: '' },
        ]);
      expect((await readdir(own('data'))).sort()).toEqual(['contracts', 'lake']);
      expect(await readdir(own('data/lake'))).toContain('assay-lake.json');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('grows with what waits: by KEDA, or by a metric of the cluster, topic by topic', () => {
    expect(named('least', 'ScaledObject', 'assay-enforcer')).toBeUndefined();
    expect(named('least', 'Deployment', 'assay-enforcer')).toMatchObject({ spec: { replicas: 2 } });
    const Triggers = z.looseObject({
      spec: z.looseObject({ triggers: z.array(z.looseObject({ type: z.string() })) }),
    });
    const { spec } = Triggers.parse(named('all', 'ScaledObject', 'assay-enforcer'));
    expect(spec).toMatchObject({ scaleTargetRef: { name: 'assay-enforcer' }, maxReplicaCount: 6 });
    // As KEDA documents its scaler of Kafka: every value a text.
    expect(spec.triggers).toEqual([
      ...LEAST.enforcer.topics.map((topic) => ({
        type: 'kafka',
        metadata: {
          bootstrapServers: LEAST.kafka.bootstrap.join(','),
          consumerGroup: 'assay-enforcer',
          topic,
          lagThreshold: '1000',
          offsetResetPolicy: 'latest',
          allowIdleConsumers: 'false',
          sasl: 'aws_msk_iam',
          tls: 'enable',
          awsRegion: 'eu-west-2',
        },
      })),
      { type: 'cpu', metricType: 'Utilization', metadata: { value: '80' } },
    ]);
    const hpa = named('external', 'HorizontalPodAutoscaler', 'assay-enforcer');
    expect(hpa).toMatchObject({
      spec: {
        metrics: [
          ...LEAST.enforcer.topics.map((topic) => ({
            external: { metric: { name: 'enforcer_consumer_lag', selector: { matchLabels: { topic } } } },
          })),
          { resource: { name: 'cpu' } },
        ],
      },
    });
    // Whoever scales says how many; the chart does not set it back.
    for (const scaledBy of ['all', 'external'])
      expect(named(scaledBy, 'Deployment', 'assay-enforcer')?.spec).not.toHaveProperty('replicas');
  });

  test('has its password from a secret, and nothing else has it', () => {
    expect(named('password', 'Secret', 'assay-kafka')).toMatchObject({
      stringData: { ASSAY_KAFKA_USERNAME: 'assay', ASSAY_KAFKA_PASSWORD: 'open-sesame' },
    });
    const others = caseOf('password').objects.filter(({ kind }) => kind !== 'Secret');
    expect(JSON.stringify(others)).not.toContain('open-sesame');
    expect(containerOf('password', 'assay-enforcer')).toMatchObject({
      envFrom: [{ configMapRef: { name: 'assay' } }, { secretRef: { name: 'assay-kafka' } }],
    });
    expect(named('least', 'Secret', 'assay-kafka')).toBeUndefined();
    // The lake that is named is used, and none is made beside it.
    expect(named('password', 'PersistentVolumeClaim', 'assay-lake')).toBeUndefined();
    expect(named('least', 'PersistentVolumeClaim', 'assay-lake')).toMatchObject({
      metadata: { annotations: { 'helm.sh/resource-policy': 'keep' } },
    });
  });
});

describe('the network', () => {
  test('is closed but for brokers, https and names; the addresses of the node are not reached', () => {
    const Policy = z.looseObject({
      spec: z.looseObject({
        policyTypes: z.array(z.string()),
        egress: z.array(
          z.looseObject({
            to: z.array(z.looseObject({})).min(1),
            ports: z.array(z.looseObject({ port: z.number() })).min(1),
          }),
        ),
      }),
    });
    const parts = { enforcer: [53, 443, 9092, 9094, 9096, 9098], 'control-plane': [53, 443] };
    for (const [part, ports] of Object.entries(parts)) {
      const { spec } = Policy.parse(named('least', 'NetworkPolicy', `assay-${part}`));
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      const found = new Set(spec.egress.flatMap((rule) => rule.ports.map(({ port }) => port)));
      expect([part, [...found].sort((a, b) => a - b)]).toEqual([part, ports]);
      const open = spec.egress
        .flatMap(({ to }) => to)
        .filter((to) => JSON.stringify(to).includes('0.0.0.0/0'));
      expect(open).toEqual([{ ipBlock: { cidr: '0.0.0.0/0', except: ['169.254.0.0/16'] } }]);
    }
    expect(caseOf('alone').objects.filter(({ kind }) => kind === 'NetworkPolicy')).toEqual([]);
  });
});

describe('the canary', () => {
  test('lands nothing, in a group and a topic of its own, in its own version', () => {
    const { args, image } = containerOf('all', 'assay-canary');
    expect(image).toBe('registry.example.org/assay:0.2.0');
    expect(containerOf('all', 'assay-enforcer').image).toBe('registry.example.org/assay:0.1.0');
    expect(args).toEqual(
      expect.arrayContaining([
        '--canary',
        '--group=assay-enforcer-canary',
        '--evidence-topic=signal_factory.evidence.canary',
      ]),
    );
    expect(containerOf('all', 'assay-enforcer').args).not.toContain('--canary');
    // The release's digest is not the canary's.
    expect(containerOf('digest', 'assay-canary').image).toBe('r.example.org/assay:0.2.0');
    expect(containerOf('digest', 'assay-enforcer').image).toMatch(/^r\.example\.org\/assay@sha256:a{64}$/);
    expect(podsOf('least').map(([name]) => name)).not.toContain('assay-canary');
  });

  test('is taken back by who may do that alone', () => {
    expect(named('all', 'Role', 'assay-canary-guard')).toMatchObject({
      rules: [
        {
          apiGroups: ['apps'],
          resources: ['deployments/scale'],
          resourceNames: ['assay-canary'],
          verbs: ['get', 'patch'],
        },
      ],
    });
    // Not by the version that is tried.
    expect(containerOf('all', 'assay-canary-guard').image).toBe('registry.example.org/assay:0.1.0');
  });

  test('is measured by metrics that the enforcer has, and of the canary alone', async () => {
    const data = z
      .looseObject({ data: z.record(z.string(), z.string()) })
      .parse(named('all', 'ConfigMap', 'assay-canary-guard')).data;
    const rules = z.record(z.string(), z.string()).parse(JSON.parse(data['rules.json'] ?? ''));
    expect(Object.keys(rules)).toHaveLength(3);
    const source = await readFile('adapters/telemetry/enforcer-metrics.ts', 'utf8');
    for (const rule of Object.values(rules)) {
      const [metric = ''] = /enforcer_\w+/.exec(rule) ?? [];
      expect(source).toContain(`'${metric.replace(/_bucket$/, '')}'`);
      expect(rule).toContain('{service="assay-canary-metrics",namespace="prod"}');
    }
    expect(named('all', 'Service', 'assay-canary-metrics')).toBeDefined();
    expect(data['canary-guard.mjs']).toBe(await readFile(path.join(CHART, 'files/canary-guard.mjs'), 'utf8'));
  });
});

test('the rules of Prometheus are those of the repository', async () => {
  const own = parse(await readFile('deploy/prometheus/enforcer-rules.yaml', 'utf8'));
  expect(named('all', 'PrometheusRule', 'assay')).toMatchObject({ spec: own });
});
