/** Keys of the policies of event datasets. They are made in this folder and nowhere else. */

const POLICIES = 'ops/policies/';

/** Where the policies lie that hold now, one document each. */
export const CURRENT_POLICIES_PREFIX = `${POLICIES}current/`;

/** The document that holds now under a name, e.g. `policy/orders.created` or `resolution`. */
export const currentPolicyKey = (name: string): string => `${CURRENT_POLICIES_PREFIX}${name}.json`;

/** Where the earlier versions of a document lie. */
export const policyVersionsPrefix = (name: string): string => `${POLICIES}versions/${name}/`;

export const policyVersionKey = (name: string, version: number): string =>
  `${policyVersionsPrefix(name)}${String(version).padStart(9, '0')}.json`;
