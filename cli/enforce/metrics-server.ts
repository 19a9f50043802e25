import { type HttpServer, startServer } from '../../adapters/local/http-server.ts';
import type { EnforcerMetrics } from '../../adapters/telemetry/enforcer-metrics.ts';

/**
 * Serves `/metrics` for Prometheus, `/healthz` (200 while the process answers) and `/readyz` (503 with the reasons, where
 * something keeps it from its work). It says nothing of values; whoever may reach the port may read it.
 */
export async function serveMetrics(
  listening: { readonly host: string; readonly port: number },
  metrics: EnforcerMetrics,
  hindrances: () => readonly string[],
): Promise<HttpServer> {
  return await startServer({ ...listening, option: '--metrics-port' }, () => async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return new Response('GET or HEAD alone.\n', { status: 405, headers: { allow: 'GET, HEAD' } });
    const { pathname } = new URL(request.url);
    if (pathname === '/metrics')
      return new Response(await metrics.text(), { headers: { 'content-type': metrics.contentType } });
    if (pathname === '/healthz') return Response.json({ status: 'ok' });
    if (pathname !== '/readyz') return new Response('/metrics, /healthz or /readyz.\n', { status: 404 });
    const reasons = hindrances();
    return Response.json(reasons.length === 0 ? { status: 'ok' } : { status: 'unavailable', reasons }, {
      status: reasons.length === 0 ? 200 : 503,
    });
  });
}
