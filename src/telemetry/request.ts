/** Counts, times and traces requests to the APIs, with or without a response. */
import type { AppEvent, AppEvents } from './app-events.ts';
import { inRequest } from './span.ts';

export interface RequestInfo {
  events: AppEvents | undefined;
  api: Extract<AppEvent, { type: 'request' }>['api'];
  /** Name of the endpoint, never with an id, so that there are few. */
  endpoint: string;
  method: string;
  /** The path with placeholders for ids. */
  path: string;
  host: string;
}

/** @returns the result of `send` */
export function observeRequest<Response extends { status: number }>(
  { events, api, endpoint, method, path, host }: RequestInfo,
  send: () => Promise<Response>,
): Promise<Response> {
  const startedAt = performance.now();
  const emit = (status: string) =>
    events?.emit({ type: 'request', api, endpoint, status, tookMs: performance.now() - startedAt });
  const attributes = { 'http.request.method': method, 'url.template': path, 'server.address': host };
  return inRequest(`${method} ${path}`, attributes, async (span) => {
    try {
      const response = await send();
      emit(String(response.status));
      span.setAttribute('http.response.status_code', response.status);
      return response;
    } catch (thrown) {
      emit('none');
      throw thrown;
    }
  });
}
