/** The account that emulators say they are; AWS gives it to nobody. */
const EMULATED_ACCOUNT = '000000000000';

/** Where a deployment goes, as far as it is known when the templates are made. */
export interface Destination {
  /** The account of the credentials; undefined where there are none. */
  readonly account: string | undefined;
  /** Where requests are sent instead of AWS; undefined where that is AWS. */
  readonly endpoint: string | undefined;
}

/**
 * Throws unless the destination is an emulator: an endpoint of its own that isn't AWS's, and no real account. What is
 * made for an emulator leaves out the audit trail and the budget.
 */
export function requireEmulator({ account, endpoint }: Destination): void {
  const host = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint).hostname : '';
  const isElsewhere = host !== '' && !/(^|\.)(amazonaws\.com(\.\w+)?|aws|api\.aws)$/.test(host);
  const isNobodys = account === undefined || account === EMULATED_ACCOUNT;
  if (isElsewhere && isNobodys) return;
  throw new Error(
    `-c emulator=true leaves out the audit trail and the budget, and is for an API emulator only, but this goes to ${
      isNobodys ? 'AWS ($AWS_ENDPOINT_URL names no emulator)' : `account ${account}`
    }: leave -c emulator=true out.`,
  );
}
