/** Findings of `ctk check`: the state of each checked part, and the fix if there is a problem. */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import type { Config } from '../../config/config.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from '../../klaviyo/api/client.ts';
import { omitUndefined } from '../../lib/omit-undefined.ts';
import type { Terminal } from '../output/terminal.ts';

export interface Finding {
  what: string;
  /** `problem`: it does not work. `warning`: it works, but probably not as intended. */
  state: 'ok' | 'warning' | 'problem';
  detail: string;
  fix?: string;
}

export interface CheckDeps {
  config: Config;
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
  version: string;
}

const timeoutMs = 15_000;

const findingOf =
  (state: Finding['state']) =>
  (what: string, detail = '', fix?: string): Finding =>
    omitUndefined({ what, state, detail, fix });
export const ok = findingOf('ok');
export const warning = findingOf('warning');
export const problem = findingOf('problem');

export function findingLine({ what, state, detail, fix }: Finding, { colors }: Terminal): string {
  const mark = { ok: colors.green, warning: colors.yellow, problem: colors.red }[state](state.padEnd(7));
  const text = [detail, fix].filter((part) => part).join(': ');
  return `${mark} ${what}${text && `: ${text}`}`;
}

export function callKlaviyo(client: KlaviyoClient, call: Omit<ApiCall, 'lane' | 'signal'>): Promise<ApiResult> {
  return client.call({ ...call, lane: 'bulk', signal: AbortSignal.timeout(timeoutMs) });
}
