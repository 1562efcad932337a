/** A request to one of the APIs: counted, timed and traced, answered or not. */
import type { AppEvent, AppEvents } from './app-events.ts';
import { inRequest } from './span.ts';

export interface RequestInfo {
  events: AppEvents | undefined;
  api: Extract<AppEvent, { type: 'request' }>['api'];
  /** One of few: never with an id. */
  endpoint: string;
  method: string;
  /** The path with placeholders for ids. */
  path: string;
  host: string;
}

/** @returns what `ask` does, or rejects with */
export function observeRequest<Said extends { status: number }>(
  { events, api, endpoint, method, path, host }: RequestInfo,
  ask: () => Promise<Said>,
): Promise<Said> {
  const began = performance.now();
  const tell = (status: string) =>
    events?.emit({ type: 'request', api, endpoint, status, tookMs: performance.now() - began });
  const attributes = { 'http.request.method': method, 'url.template': path, 'server.address': host };
  return inRequest(`${method} ${path}`, attributes, async (span) => {
    try {
      const said = await ask();
      tell(String(said.status));
      span.setAttribute('http.response.status_code', said.status);
      return said;
    } catch (thrown) {
      tell('none');
      throw thrown;
    }
  });
}
