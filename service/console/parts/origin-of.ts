import type { Service } from '../../service.ts';

/** The service's own address, as tools are to ask it: `https://assay.example.org`. */
export const originOf = ({ hosts, isSecure }: Pick<Service, 'hosts' | 'isSecure'>): string =>
  `${isSecure ? 'https' : 'http'}://${[...hosts][0] ?? ''}`;
