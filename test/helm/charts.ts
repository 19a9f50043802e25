import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The chart's folder. */
export const CHART = path.join(ROOT, 'deploy/helm/assay');

/** An object that the chart makes. */
export const Rendered = z.looseObject({
  kind: z.string(),
  apiVersion: z.string(),
  metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }),
});
export type Rendered = z.infer<typeof Rendered>;

const Judged = z.strictObject({
  lint: z.array(z.string()),
  objects: z.array(Rendered),
  wrong: z.array(z.string()),
  error: z.string().nullable(),
});
export type Judged = z.infer<typeof Judged>;

/** What Helm and Kubernetes' schemas say of the chart with some values, by the name of the case. */
export function renderCases(cases: Readonly<Record<string, object>>): ReadonlyMap<string, Judged> {
  const python = process.env.ASSAY_TEST_HELM_PYTHON;
  if (python === undefined) throw new Error('Run these tests by npm run test:helm.');
  const input = JSON.stringify({ chart: CHART, kubernetes: '1.34', cases });
  const { stdout, stderr, status } = spawnSync(python, [path.join(ROOT, 'test/helm/render.py')], {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(stderr);
  return new Map(Object.entries(z.record(z.string(), Judged).parse(JSON.parse(stdout))));
}
