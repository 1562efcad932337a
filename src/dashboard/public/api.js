/** Sends requests to the service and reads its event stream. */
import { change, maxFeedLines, state } from './state.js';

const maxSamples = 10;

/** @returns `{ ok, status, body, error }`; never rejects */
export async function request(method, path, body) {
  const headers = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && state.session?.csrf) headers['x-csrf-token'] = state.session.csrf;
  try {
    const response = await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const data = text === '' ? {} : JSON.parse(text);
    if (response.status === 401 && path !== '/dashboard/session') await loadSession();
    return {
      ok: response.ok,
      status: response.status,
      body: data,
      error: response.ok ? '' : (data.error ?? data.reason ?? ''),
    };
  } catch {
    return { ok: false, status: 0, body: {}, error: 'The service does not answer.' };
  }
}

/** Reads the session: the access of the caller. */
export async function loadSession() {
  const { ok, body, error } = await request('GET', '/dashboard/session');
  change({ session: ok ? body : { access: 'none', reason: error } });
  if (state.session.access === 'none') disconnect();
  else connect();
}

let source;

function connect() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource('/dashboard/stream');
  source.addEventListener('open', () => change({ connected: true }));
  source.addEventListener('error', () => {
    change({ connected: false });
    // The browser does not reconnect by itself, because the request was rejected or the service is down.
    if (source?.readyState === EventSource.CLOSED) setTimeout(loadSession, 3_000);
  });
  source.addEventListener('now', ({ data }) => change({ now: JSON.parse(data), connected: true }));
  source.addEventListener('snapshot-failed', ({ data }) => change({ stale: JSON.parse(data).view }));
  source.addEventListener('runs', ({ data }) => takeRuns(JSON.parse(data)));
  source.addEventListener('feed', ({ data }) => takeFeed(JSON.parse(data)));
}

function disconnect() {
  source?.close();
  source = undefined;
  change({ connected: false, now: undefined, runs: undefined });
}

function takeRuns(runs) {
  const at = Date.parse(runs.at);
  const samples = new Map();
  for (const run of runs.running) {
    const samplesOfRun = state.samples.get(run.id) ?? [];
    samples.set(run.id, [...samplesOfRun, { at, read: run.counts.read }].slice(-maxSamples));
  }
  change({ runs, samples, stale: '' });
}

function takeFeed({ lines, passedOver }) {
  const { feed } = state;
  const fresh = lines.toReversed();
  if (passedOver > 0)
    fresh.unshift({ at: lines.at(-1).at, type: 'more', tone: 'quiet', rules: [], text: `and ${passedOver} more` });
  const key = feed.paused ? 'held' : 'lines';
  change({ feed: { ...feed, [key]: [...fresh, ...feed[key]].slice(0, maxFeedLines) } });
}
