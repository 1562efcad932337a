/** Sends requests to the service and reads its event stream. */
import { change, maxFeedLines, state } from './state.js';

const maxSamples = 10;

/** @returns `{ ok, status, body, error }`; never rejects */
export async function ask(method, path, body) {
  const headers = {};
  if (body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && state.session?.csrf) headers['x-csrf-token'] = state.session.csrf;
  try {
    const answer = await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const said = text === '' ? {} : JSON.parse(text);
    if (answer.status === 401 && path !== '/dashboard/session') await recognise();
    return {
      ok: answer.ok,
      status: answer.status,
      body: said,
      error: answer.ok ? '' : (said.error ?? said.reason ?? ''),
    };
  } catch {
    return { ok: false, status: 0, body: {}, error: 'The service does not answer.' };
  }
}

/** Reads the session: the access of the caller. */
export async function recognise() {
  const { ok, body, error } = await ask('GET', '/dashboard/session');
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
    if (source?.readyState === EventSource.CLOSED) setTimeout(recognise, 3_000);
  });
  source.addEventListener('now', ({ data }) => change({ now: JSON.parse(data), connected: true }));
  source.addEventListener('trouble', ({ data }) => change({ stale: JSON.parse(data).view }));
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
    const known = state.samples.get(run.id) ?? [];
    samples.set(run.id, [...known, { at, read: run.counts.read }].slice(-maxSamples));
  }
  change({ runs, samples, stale: '' });
}

function takeFeed({ lines, passedOver }) {
  const { feed } = state;
  const fresh = lines.toReversed();
  if (passedOver > 0)
    fresh.unshift({ at: lines.at(-1).at, what: 'more', tone: 'quiet', rules: [], text: `and ${passedOver} more` });
  const key = feed.paused ? 'held' : 'lines';
  change({ feed: { ...feed, [key]: [...fresh, ...feed[key]].slice(0, maxFeedLines) } });
}
