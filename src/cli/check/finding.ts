/** What `ctk check` finds: each thing with how it is, and the way out where it is not as it should be. */
import type { CommercetoolsClient } from '../../commercetools/client.ts';
import type { Config } from '../../config/config.ts';
import type { ApiCall, ApiResult, KlaviyoClient } from '../../klaviyo/api/client.ts';
import type { Terminal } from '../output/terminal.ts';

export interface Finding {
  what: string;
  /** problem: it does not work; warning: it works, but hardly as it is meant. */
  state: 'ok' | 'warning' | 'problem';
  detail: string;
  /** What to do; absent where nothing is to be done. */
  wayOut?: string;
}

export interface CheckParts {
  config: Config;
  commercetools: CommercetoolsClient;
  klaviyo: KlaviyoClient;
  version: string;
}

const timeoutMs = 15_000;

export const ok = (what: string, detail = ''): Finding => ({ what, state: 'ok', detail });
export const warning = (what: string, detail: string, wayOut?: string): Finding => ({
  ...{ what, state: 'warning', detail },
  ...(wayOut === undefined ? {} : { wayOut }),
});
export const problem = (what: string, detail: string, wayOut?: string): Finding => ({
  ...{ what, state: 'problem', detail },
  ...(wayOut === undefined ? {} : { wayOut }),
});

/** One line. */
export function lineOf({ what, state, detail, wayOut }: Finding, { colors }: Terminal): string {
  const mark = { ok: colors.green, warning: colors.yellow, problem: colors.red }[state](state.padEnd(7));
  const said = [detail, wayOut].filter((text) => text).join(': ');
  return `${mark} ${what}${said && `: ${said}`}`;
}

export function askKlaviyo(client: KlaviyoClient, call: Omit<ApiCall, 'lane' | 'signal'>): Promise<ApiResult> {
  return client.call({ ...call, lane: 'bulk', signal: AbortSignal.timeout(timeoutMs) });
}
