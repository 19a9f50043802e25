import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Alert } from '../../etl/ports.ts';
import { messageText } from '../../lambdas/relay/message-text.ts';
import { postText, webhookAddress } from '../../lambdas/relay/post-webhook.ts';
import { relayBatch } from '../../lambdas/relay/relay-batch.ts';

/** What a person reads, and what becomes of what can't be posted. */

const ALERT: Alert = {
  kind: 'run-failed',
  dataset: 'shop.orders',
  runId: 'RUN-1',
  at: '2024-06-01T00:00:00Z',
  title: 'Run RUN-1 of shop.orders failed: no disk',
  readersSee: 'Readers see snapshot 7.',
  nextCommand: 'assay show RUN-1',
  details: {},
};

describe('texts', () => {
  test.each([
    'run-failed',
    'run-held',
    'run-refused',
    'breaker-open',
    'files-rejected',
    'drop-refused',
    'unhealthy',
    'one of a later release',
  ])('an alert (%s) says what happened, what readers see and what to do', (kind) => {
    const text = messageText(JSON.stringify({ ...ALERT, kind }));
    for (const part of [ALERT.title, ALERT.readersSee, 'Next: assay show RUN-1', 'shop.orders'])
      expect(text).toContain(part);
  });

  test("an execution's status event is told under its run, which can have another name than the execution", () => {
    const input = JSON.stringify({ dataset: 'shop.orders', runId: 'RUN-1', start: 'promote' });
    const event = { ...ALERT, dataset: '', runId: 'RUN-1-approved-2', nextCommand: '', details: { input } };
    expect(messageText(JSON.stringify(event))).toMatch(
      /shop\.orders, run RUN-1,[\s\S]*Next: assay show RUN-1$/,
    );
  });

  test.each([
    ['too large to be sent along', null],
    ['of another shape', '{"dataset":1}'],
    ['no JSON', '{'],
  ])('one whose input is %s is told all the same', (_, input) => {
    const text = messageText(JSON.stringify({ ...ALERT, dataset: '', details: { input } }));
    expect(text).toContain('Dataset unknown, run RUN-1');
  });

  test('an alarm says its state, why, and what to do; when it is over, that it is', () => {
    const alarm = {
      AlarmName: 'assay-staging-run-failed',
      AlarmDescription: 'Look at the alert.',
      NewStateValue: 'ALARM',
      NewStateReason: '1 datapoint',
    };
    expect(messageText(JSON.stringify(alarm))).toBe(
      'ALARM: assay-staging-run-failed\nLook at the alert.\n1 datapoint',
    );
    expect(messageText(JSON.stringify({ ...alarm, NewStateValue: 'OK' }))).toMatch(/^Over: assay/);
  });

  test.each(['the budget is at 80 %', '{"neither":"nor"}', '[]', ''])(
    'anything else is as it came: %j',
    (text) => {
      expect(messageText(text)).toBe(text);
    },
  );
});

describe('addresses', () => {
  test('none was put in yet, or one was', () => {
    expect(webhookAddress('not set')).toBeUndefined();
    expect(webhookAddress(' ')).toBeUndefined();
    expect(webhookAddress('https://hooks.example.org/a\n')?.href).toBe('https://hooks.example.org/a');
  });

  test('what is none is refused, without being repeated', () => {
    for (const secret of ['ftp://secret.example.org', 'secret'])
      expect(() => webhookAddress(secret)).toThrow(expect.not.stringContaining('secret.example.org'));
  });
});

describe('posting', () => {
  const PATIENCE = { timeoutMs: 300, tries: 3, pauseMs: 1 };
  let answers: (number | 'silence')[];
  let bodies: string[];
  let url: URL;
  let stop: () => Promise<void>;

  beforeEach(async () => {
    [answers, bodies] = [[], []];
    const server = createServer(async (incoming, outgoing) => {
      const pieces: Buffer[] = [];
      for await (const piece of incoming) pieces.push(piece as Buffer);
      bodies.push(Buffer.concat(pieces).toString('utf8'));
      const answer = answers.shift() ?? 200;
      if (answer !== 'silence')
        outgoing.writeHead(answer, answer === 307 ? { location: '/elsewhere' } : {}).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`);
    stop = async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  });
  afterEach(() => stop());

  test('a text is posted as Slack takes it, its control characters as text', async () => {
    await postText(url, 'a < b & <!channel>', PATIENCE);
    expect(bodies).toEqual(['{"text":"a &lt; b &amp; &lt;!channel&gt;"}']);
  });

  test.each([[[503, 429]], [['silence' as const, 500]]])(
    'trouble that passes is waited out: %j',
    async (trouble) => {
      answers = [...trouble];
      await postText(url, 'text', PATIENCE);
      expect(bodies).toHaveLength(3);
    },
  );

  test('trouble that stays is a TransientError that does not give the address away', async () => {
    answers = [500, 500, 500, 500];
    const error = await postText(url, 'text', PATIENCE).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'TransientError', code: 'WEBHOOK_UNAVAILABLE' });
    expect(String(error)).not.toContain('secret-path');
    expect(bodies).toHaveLength(3);
  });

  test('a redirect is not followed: who answers there would be given the text', async () => {
    answers = [307];
    await expect(postText(url, 'text', PATIENCE)).rejects.toMatchObject({ code: 'WEBHOOK_REFUSED' });
    expect(bodies).toHaveLength(1);
  });

  test('an address that is refused is not tried again', async () => {
    answers = [404];
    await expect(postText(url, 'text', PATIENCE)).rejects.toMatchObject({ name: 'ConfigError' });
    expect(bodies).toHaveLength(1);
  });
});

test('of a batch, the messages that failed and only those are handed over again', async () => {
  const sent: string[] = [];
  const told: string[] = [];
  const reasons: string[] = [];
  const Records = ['one', 'two', 'three'].map((body, n) => ({ messageId: `m${n}`, body }));
  const result = await relayBatch(
    { Records },
    {
      send: async (text) => {
        if (text === 'two') throw new Error('no');
        sent.push(text);
      },
      told: async (body) => void told.push(body),
      onFailure: (messageId, reason) => void reasons.push(`${messageId}: ${reason}`),
    },
  );
  expect(result).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
  expect(sent).toEqual(['one', 'three']);
  expect(told).toEqual(['one', 'three']);
  expect(reasons).toEqual(['m1: no']);
});
