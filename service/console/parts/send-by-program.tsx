import { literal } from '../../../etl/engine/sql.ts';

/** How a program brings files that don't fit through the service: it sends them to a bucket, and says when they are there. */
export function SendByProgram({ dataset, origin }: { readonly dataset: string; readonly origin: string }) {
  return (
    <details>
      <summary>Bring source files</summary>
      <pre>{`import requests
service, name = ${literal(origin)}, 'payments.csv'
auth = {'Authorization': 'Bearer TOKEN'}
to = requests.post(f'{service}/v1/uploads', headers=auth, json={'dataset': ${literal(dataset)}, 'name': name}).json()
requests.post(to['url'], data=to['fields'], files={'file': open(name, 'rb')}).raise_for_status()
print(requests.post(f"{service}/v1/uploads/{to['id']}/complete", headers=auth).json())`}</pre>
    </details>
  );
}
