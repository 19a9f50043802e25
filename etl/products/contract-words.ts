import { isMap } from '../contract/fields.ts';
import { readYaml } from '../contract/yaml-source.ts';

/** What other tools of the standard know a contract by. */
export interface ContractWords {
  /** Never changes, whatever the dataset is called. */
  readonly id: string;
  /** `active`, `draft` …; undefined where the contract says nothing. */
  readonly status: string | undefined;
}

/** The `id` and `status` of a contract's text; without an id, or a text, the dataset's name stands for it. */
export function contractWords(dataset: string, text: string | undefined): ContractWords {
  const yaml = text === undefined ? undefined : readYaml(dataset, text);
  const value = yaml?.kind === 'read' ? yaml.source.value : undefined;
  const own = isMap(value) ? value : {};
  const word = (field: string): string | undefined => {
    const found = own[field];
    return typeof found === 'string' && found.trim() !== '' ? found.trim() : undefined;
  };
  return { id: word('id') ?? `urn:assay:contract:${dataset}`, status: word('status') };
}
