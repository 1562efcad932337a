/** Sends requests to the service and reads its event stream. */
import type { FeedLine } from '../feed.ts';
import type { RunRow, Syncs } from '../schemas.ts';
import { change, maxFeedLines, type Sample, type SessionState, state } from './state.ts';

const maxSamples = 15;
const sessionPath = '/dashboard/session';
const expired = 'Your session has expired. Sign in again.';

/** What the API answers beside an error. */
interface Failure {
  error?: string;
  reason?: string;
  outcome?: string;
  code?: string;
  /** Of `confirmation-required`: events that can trigger flows, and the records that they belong to. */
  events?: number;
  records?: number;
  isExact?: boolean;
}

export type Reply<Body> =
  | { ok: true; status: number; body: Body; error: '' }
  | { ok: false; status: number; body: Failure; error: string };

/**
 * Sends a request; never rejects. The body of a response is not parsed again: the service, of the same version as this page,
 * has serialized it by the schema of its type.
 */
export async function request<Body>(method: string, path: string, body?: unknown): Promise<Reply<Body>> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && state.session?.csrf) headers['x-csrf-token'] = state.session.csrf;
  try {
    const response = await fetch(path, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const { ok, status } = response;
    if (status === 401 && path !== sessionPath) await loadSession();
    if (ok) return { ok, status, body: JSON.parse(text || '{}'), error: '' };
    const failure: Failure = JSON.parse(text || '{}');
    return { ok, status, body: failure, error: failure.error ?? failure.reason ?? `The service answered ${status}.` };
  } catch {
    return { ok: false, status: 0, body: {}, error: 'The service does not answer.' };
  }
}

/** Reads the session: the access of the caller. */
export async function loadSession(): Promise<void> {
  const hadAccess = state.session !== undefined && state.session.access !== 'none';
  const { ok, body, error } = await request<SessionState>('GET', sessionPath);
  const session: SessionState = ok ? body : { access: 'none', reason: error };
  const hasExpired = hadAccess && session.access === 'none' && session.canLogIn === true;
  change({ session: hasExpired ? { ...session, error: expired } : session });
  if (session.access === 'none') disconnect();
  else connect();
}

/** Ends the session. */
export async function endSession(): Promise<void> {
  await request('DELETE', sessionPath);
  // Without access there is no session that could expire.
  change({ session: { access: 'none' } });
  await loadSession();
}

let source: EventSource | undefined;
const sessionRetryMs = 3_000;

function connect(): void {
  if (source && source.readyState !== EventSource.CLOSED) return;
  const opened = new EventSource('/dashboard/stream');
  source = opened;
  opened.addEventListener('open', () => change({ connected: true }));
  opened.addEventListener('error', () => {
    change({ connected: false });
    // The browser does not reconnect by itself, because the request was rejected or the service is down.
    if (opened.readyState === EventSource.CLOSED && source === opened) setTimeout(loadSession, sessionRetryMs);
  });
  opened.addEventListener('overview', ({ data }) =>
    change({ overview: JSON.parse(data), connected: true, stale: staleWithout('overview') }),
  );
  opened.addEventListener('snapshot-failed', ({ data }) => change({ stale: JSON.parse(data).view }));
  opened.addEventListener('syncs', ({ data }) => takeSyncs(JSON.parse(data)));
  opened.addEventListener('feed', ({ data }) => takeFeed(JSON.parse(data)));
}

/** @returns the outdated snapshot, unless it is the one that has just arrived */
function staleWithout(fresh: string): string {
  return state.stale === fresh ? '' : state.stale;
}

function disconnect(): void {
  source?.close();
  source = undefined;
  change({ connected: false, overview: undefined, syncs: undefined });
}

let waiting: (() => void)[] = [];

/** Resolves once the page shows a state that was read after now, or after some seconds without one. */
export async function nextSyncs(): Promise<void> {
  // The next snapshot may have been read before now, the one after it was not.
  for (let count = 0; count < 2; count += 1)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, sessionRetryMs);
      waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
}

function takeSyncs(syncs: Syncs): void {
  const at = Date.parse(syncs.at);
  const samples = new Map<string, Sample[]>();
  const running = [...syncs.resources.flatMap((each) => each.running ?? []), ...syncs.followUps.running];
  for (const run of running) samples.set(run.id, withSample(run, at));
  change({ syncs, samples, stale: staleWithout('syncs') });
  const resolvers = waiting;
  waiting = [];
  for (const resolve of resolvers) resolve();
}

function withSample({ id, counts }: RunRow, at: number): Sample[] {
  const settled = counts.delivered + counts.skipped + counts.rejected;
  return [...(state.samples.get(id) ?? []), { at, settled }].slice(-maxSamples);
}

function takeFeed({ lines, passedOver }: { lines: FeedLine[]; passedOver: number }): void {
  const { feed } = state;
  const fresh = lines.toReversed();
  const [latest] = fresh;
  if (passedOver > 0 && latest)
    fresh.unshift({ at: latest.at, type: 'warning', tone: 'quiet', rules: [], text: `and ${passedOver} more` });
  const key = feed.paused ? 'held' : 'lines';
  change({ feed: { ...feed, [key]: [...fresh, ...feed[key]].slice(0, maxFeedLines) } });
}
