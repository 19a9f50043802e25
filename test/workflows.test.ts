import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';

/** What GitHub's workflows may do with AWS. */

const FOLDER = '.github/workflows';
const Permissions = z.union([z.string(), z.record(z.string(), z.string())]).default({});
const Step = z.looseObject({ uses: z.string().optional(), run: z.string().optional() });
const Workflow = z.looseObject({
  on: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]),
  permissions: Permissions,
  jobs: z.record(
    z.string(),
    z.looseObject({ permissions: Permissions.optional(), steps: z.array(Step).default([]) }),
  ),
});

const jobs = readdirSync(FOLDER).flatMap((file) => {
  const workflow = Workflow.parse(parse(readFileSync(`${FOLDER}/${file}`, 'utf8')));
  const events =
    typeof workflow.on === 'string'
      ? [workflow.on]
      : Array.isArray(workflow.on)
        ? workflow.on
        : Object.keys(workflow.on);
  return Object.entries(workflow.jobs).map(([name, { permissions = workflow.permissions, steps }]) => {
    const granted =
      typeof permissions === 'string' ? permissions === 'write-all' : permissions['id-token'] === 'write';
    return { name: `${file} ${name}`, events, granted, steps };
  });
});
const withRole = jobs.filter(({ granted }) => granted);

test('no job that a pull request starts can take on a role: all that it runs is the branch’s', () => {
  const started = ['pull_request', 'pull_request_target'];
  const both = withRole.filter(({ events }) => events.some((event) => started.includes(event)));
  expect(both.map(({ name }) => name)).toEqual([]);
});

test('a job with a role that follows a pull request runs nothing of its branch', () => {
  const after = withRole.filter(({ events }) => events.includes('workflow_run'));
  expect(after.map(({ name }) => name)).toEqual(['diff.yml diff']);
  for (const { uses = '', run = '' } of after.flatMap(({ steps }) => steps)) {
    expect(uses).not.toMatch(/^actions\/checkout|^\.\//);
    expect(run).not.toMatch(/\b(npm|npx|node|cdk|sh|bash|python3?|source|eval)\b/);
  }
});

test('every action is named by the digest of its commit', () => {
  const actions = jobs.flatMap(({ steps }) =>
    steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses])),
  );
  for (const action of actions) expect(action).toMatch(/@[0-9a-f]{40}$/);
});
