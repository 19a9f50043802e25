import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startTelemetry } from '../../adapters/local/telemetry.ts';
import { countRecords, withSpan } from '../../etl/telemetry.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** A collector that keeps what it is sent, by path. */
async function collector(): Promise<{ url: string; received: Map<string, string> }> {
  const received = new Map<string, string>();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += String(piece);
    });
    request.on('end', () => {
      received.set(request.url ?? '', (received.get(request.url ?? '') ?? '') + body);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

describe('telemetry', () => {
  test('spans and counts reach the OTLP endpoint before the process ends', async () => {
    const { url, received } = await collector();
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = url;
    const stop = await startTelemetry(process.env);
    await withSpan('assay.refine', { 'assay.dataset': 'a.b', 'assay.run_id': 'r1' }, async () => undefined);
    countRecords('a.b', 'silver', 3);
    await stop();
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    expect(received.get('/v1/traces')).toContain('assay.refine');
    expect(received.get('/v1/traces')).toContain('assay.run_id');
    expect(received.get('/v1/metrics')).toContain('assay.records');
  });

  test('a collector that is down fails nothing', async () => {
    process.env.OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:9';
    const stop = await startTelemetry(process.env);
    delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
    await expect(withSpan('assay.plan', {}, async () => 7)).resolves.toBe(7);
    await expect(stop()).resolves.toBeUndefined();
  });
});
