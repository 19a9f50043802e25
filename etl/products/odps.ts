import type { DataProduct } from './data-product.ts';

/** A key and a value that the standard has no name for. */
interface CustomProperty {
  readonly property: string;
  readonly value: unknown;
  readonly description?: string;
}

const custom = (property: string, value: unknown, description?: string): CustomProperty => ({
  property,
  value,
  ...(description === undefined ? {} : { description }),
});

/**
 * A product as a descriptor of the Open Data Product Standard (Bitol's ODPS v1.0.0, beside its contracts' ODCS):
 * github.com/bitol-io/open-data-product-standard. What is not in the standard stands under customProperties. It has no
 * values of the table. `api` is where the service answers, if one does.
 */
export function odpsOf(product: DataProduct, api?: string): Readonly<Record<string, unknown>> {
  const { dataset, inputs, version, contractId, access } = product;
  const [domain = ''] = dataset.split('.');
  return {
    apiVersion: 'v1.0.0',
    kind: 'DataProduct',
    id: `urn:assay:product:${dataset}`,
    name: product.title,
    version,
    status: product.status,
    domain,
    ...(product.description === '' ? {} : { description: { purpose: product.description } }),
    ...(product.documentation.length === 0
      ? {}
      : { authoritativeDefinitions: product.documentation.map((url) => ({ type: 'documentation', url })) }),
    team: { name: product.owner },
    ...(product.support === null ? {} : { support: [{ ...product.support, scope: 'interactive' }] }),
    inputPorts: inputs.map((input) => ({
      name: input.dataset,
      version: input.version,
      contractId: input.contractId,
    })),
    outputPorts: [
      {
        name: product.table,
        type: 'table',
        version,
        contractId,
        inputContracts: inputs.map((input) => ({ id: input.contractId, version: input.version })),
        customProperties: [
          custom('roles', access.roles, 'roles that may read it'),
          custom('maskedColumns', access.sensitiveColumns, 'columns with personal or confidential values'),
          custom('maskedFor', access.maskedFor, 'roles that see no values in those columns'),
          custom('dataGroups', access.dataGroups, 'whose members may open sealed values'),
          ...(access.ask === null ? [] : [custom('accessUrl', access.ask, 'where access is asked for')]),
        ],
      },
    ],
    ...(api === undefined ? {} : { managementPorts: portsOf(dataset, api) }),
    customProperties: [
      custom('slaProperties', product.promises, 'what is promised, in the words of ODCS'),
      ...(product.deprecated === null
        ? []
        : [custom('deprecation', product.deprecated, 'until: the last day on which it may be relied on')]),
    ],
  };
}

function portsOf(dataset: string, api: string) {
  const at = (path: string): string => `${api}/v1/${path}`;
  const name = encodeURIComponent(dataset);
  return [
    { name: 'product', content: 'discoverability', type: 'rest', url: at(`products/${name}`) },
    { name: 'contract', content: 'dictionary', type: 'rest', url: at(`datasets/${name}/contract`) },
    { name: 'health', content: 'observability', type: 'rest', url: at('health') },
  ];
}
