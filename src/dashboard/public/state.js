/** State of the page. Each update renders the page. */

export const maxFeedLines = 200;

export const state = {
  /** Undefined until loaded; `access`: write, read or none. */
  session: undefined,
  route: { view: 'now', rest: [] },
  connected: false,
  /** Name of the snapshot that is outdated, because the service failed to take a new one. */
  stale: '',
  now: undefined,
  runs: undefined,
  /** `{ at, read }` by run id, for the speed. */
  samples: new Map(),
  feed: { lines: [], held: [], paused: false, rule: '', tone: '', text: '' },
  letters: { list: undefined, next: undefined, selected: new Set(), filter: {}, error: '', busy: false },
  explain: { busy: false, result: undefined, error: '', requested: '' },
  settings: { rows: undefined, syncs: true, only: false, error: '' },
  /** `shown`: as the service answered; `confirming`: the plan is shown and waits for consent. */
  liveCheck: { shown: undefined, confirming: false, error: '' },
  /** Notification, announced by screen readers: `{ text, tone, undo }`. */
  notice: undefined,
};

let renderPage = () => {};
let isScheduled = false;

/** @param render renders the page from the state */
export function onChange(render) {
  renderPage = render;
}

/** @param part the changed members */
export function change(part = {}) {
  Object.assign(state, part);
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    renderPage();
  });
}

export function notify(text, options = {}) {
  change({ notice: { text, tone: 'good', ...options } });
}

/** Returns whether actions are allowed, and the reason if not. */
export function mayAct() {
  return state.session?.access === 'write';
}
