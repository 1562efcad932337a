/** Checks the versions, and the clock of this machine against those of both APIs. */
import { maxSkewSeconds, skewSeconds, skewText, tolerableSkewSeconds } from '../../live-check/clocks.ts';
import { type CheckDeps, type Finding, ok, problem, warning } from './finding.ts';

/** The only major version that the service is tested with. */
const nodeMajor = 24;

export function checkVersions({ version }: Pick<CheckDeps, 'version'>): Finding[] {
  const { node } = process.versions;
  const major = Number(node.split('.')[0]);
  const detail = `${version} on Node ${node}`;
  if (major < nodeMajor) return [problem('version', detail, `install Node ${nodeMajor}`)];
  if (major > nodeMajor) return [warning('version', detail, `Node ${nodeMajor} is what it is tested with`)];
  return [ok('version', detail)];
}

export async function checkClocks({ config }: Pick<CheckDeps, 'config'>): Promise<Finding[]> {
  const [commercetools, klaviyo] = await Promise.all([
    skewSeconds(config.commercetools.apiUrl),
    skewSeconds(config.klaviyo.url),
  ]);
  return [...clockFindings("commercetools'", commercetools), ...clockFindings("Klaviyo's", klaviyo)];
}

/** @returns nothing without a response, because an unavailable API is a finding of another check */
function clockFindings(apiName: string, skew: number | undefined): Finding[] {
  if (skew === undefined) return [];
  const what = `clock against ${apiName}`;
  const seconds = Math.abs(skew);
  const detail = skewText(skew);
  const fix = 'set the clock of this machine (NTP)';
  if (seconds > maxSkewSeconds) return [problem(what, detail, fix)];
  return [seconds > tolerableSkewSeconds ? warning(what, detail, fix) : ok(what, detail)];
}
