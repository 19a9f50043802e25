import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import { tempFolder } from '../adapters/temp-folder.ts';
import { assay, startAssay } from '../cli/assay.ts';

/** What `assay enforce` tells while it works, as Python's readers of OpenTelemetry and Prometheus understand it. */

const PYTHON = process.env.ASSAY_TEST_PYTHON ?? '';
const JUDGE = path.resolve('test/registry/judge_telemetry.py');

interface Judged {
  readonly spans: readonly {
    readonly trace: string;
    readonly span: string;
    readonly parent: string;
    readonly name: string;
    readonly nanos: number;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly families: Readonly<
    Record<string, { type: string; samples: [string, Record<string, string>, number][] }>
  >;
}

function judge(asked: { traces: readonly string[]; metrics: string }): Judged {
  const { stdout, stderr } = spawnSync(PYTHON, [JUDGE], { input: JSON.stringify(asked), encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Judged;
}

/** A collector, and an enforcer that reads the example while its metrics are asked for, again and again. */
async function enforceWatched(cwd: string): Promise<{ traces: string[]; metrics: string }> {
  const traces: string[] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += String(piece);
    });
    request.on('end', () => {
      if (request.url === '/v1/traces') traces.push(body);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const example = path.resolve('examples/orders');
  const child = startAssay(
    [
      ...['enforce', '--from', path.join(example, 'raw.orders.events.jsonl'), '--topic', 'raw.orders.events'],
      ...['--policies', path.join(example, 'policies'), '--lake', 'lake', '--no-run', '--metrics-port', '0'],
    ],
    {
      cwd,
      env: { ASSAY_CONTRACTS: path.join(example, 'contracts'), OTEL_EXPORTER_OTLP_ENDPOINT: url },
    },
  );
  let [err, metrics, isOver] = ['', '', false];
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  void ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const [, at] = /Metrics: (\S+)/.exec(err) ?? [];
    if (at !== undefined)
      metrics = await fetch(at).then(
        (answer) => answer.text(),
        () => metrics,
      );
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await new Promise((resolve) => collector.close(resolve));
  return { traces, metrics };
}

test('spans and metrics of an enforcer are what OpenTelemetry and Prometheus read', async () => {
  const { folder, dispose } = await tempFolder();
  try {
    let watched = { traces: [] as string[], metrics: '' };
    // It may be done before its metrics of then were asked for: another does the same.
    for (let n = 0; !watched.metrics.includes('\nenforcer_topic_info{'); n++) {
      const cwd = path.join(folder, String(n));
      await mkdir(cwd);
      await assay(['init', '--lake', 'lake'], { cwd });
      watched = await enforceWatched(cwd);
    }
    const { spans, families } = judge(watched);
    const consumed = spans.filter(({ name }) => name === 'enforcer.consume');
    expect(consumed).toHaveLength(13);
    for (const name of [
      'enforcer.resolve_dataset',
      'enforcer.validate.schema',
      'enforcer.validate.contract',
      'enforcer.emit.evidence',
    ]) {
      const inside = spans.filter((one) => one.name === name);
      expect(inside.map(({ parent }) => parent).sort()).toEqual(consumed.map(({ span }) => span).sort());
    }
    // The example's first event names its trace, and the span that it was sent in.
    expect(consumed).toContainEqual(
      expect.objectContaining({ trace: '2f1c3f00000000000000000000000001', parent: 'c301000000000001' }),
    );
    for (const { nanos, attributes } of spans) {
      if (!('raw_topic' in attributes)) continue;
      expect(nanos).toBeGreaterThanOrEqual(0);
      expect(Object.keys(attributes)).toEqual(
        expect.arrayContaining(['dataset_urn', 'raw_topic', 'result', 'failed_gate', 'identity_confidence']),
      );
    }
    const types = Object.entries(families).map(([name, { type }]) => `${name} ${type}`);
    // Prometheus's parser takes the suffix of counters off.
    expect(types.sort()).toEqual([
      'enforcer_consumer_lag gauge',
      'enforcer_eval_latency_ms histogram',
      'enforcer_evidence_emit_errors counter',
      'enforcer_evidence_latency_ms histogram',
      'enforcer_gate_failures counter',
      'enforcer_incidents_open gauge',
      'enforcer_records counter',
      'enforcer_records_expired counter',
      'enforcer_topic_info gauge',
      'policy_cache_hit_ratio gauge',
    ]);
    expect(families.enforcer_topic_info?.samples[0]?.[1]).toEqual({
      ...{ topic: 'raw.orders.events', dataset: 'urn:dp:orders:created', tier: 'TIER_1' },
    });
  } finally {
    await dispose();
  }
});
