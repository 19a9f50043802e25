// Takes a canary back where Prometheus says that it has been worse than it may be: its Deployment is scaled to nothing.
// Whatever can't be asked or done ends it with 1 and changes nothing, so that the job fails where people see it.
import { readFile } from 'node:fs/promises';

const { PROMETHEUS_URL, NAMESPACE, DEPLOYMENT } = process.env;
const { KUBERNETES_API = 'https://kubernetes.default.svc' } = process.env;
const { RULES = '/etc/assay/guard/rules.json' } = process.env;
const { TOKEN_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/token' } = process.env;

async function answer(what, response) {
  if (!response.ok) throw new Error(`${what} answered ${response.status}: ${await response.text()}`);
  return await response.json();
}

/** Whether a rule finds something. */
async function isBroken(query) {
  const asked = `${PROMETHEUS_URL.replace(/\/$/, '')}/api/v1/query?${new URLSearchParams({ query })}`;
  const { status, data } = await answer(
    'Prometheus',
    await fetch(asked, { signal: AbortSignal.timeout(10_000) }),
  );
  if (status !== 'success') throw new Error(`Prometheus answered ${status}.`);
  return data.result.length > 0;
}

async function scale(method, body) {
  const token = (await readFile(TOKEN_FILE, 'utf8')).trim();
  const at = `${KUBERNETES_API}/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${DEPLOYMENT}/scale`;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/merge-patch+json' };
  const signal = AbortSignal.timeout(10_000);
  return await answer('Kubernetes', await fetch(at, { method, headers, signal, ...(body && { body }) }));
}

const { spec } = await scale('GET');
if ((spec.replicas ?? 0) === 0) console.log(`${DEPLOYMENT} is taken back already.`);
else {
  const broken = [];
  for (const [why, query] of Object.entries(JSON.parse(await readFile(RULES, 'utf8'))))
    if (await isBroken(query)) broken.push(why);
  if (broken.length === 0) console.log(`${DEPLOYMENT} is well.`);
  else {
    await scale('PATCH', JSON.stringify({ spec: { replicas: 0 } }));
    console.log(`${DEPLOYMENT} was taken back: ${broken.join(', ')}.`);
  }
}
