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
  explain: { busy: false, result: undefined, error: '', asked: '' },
  settings: { rows: undefined, syncs: true, only: false, error: '' },
  /** Notification, announced by screen readers: `{ text, tone, undo }`. */
  notice: undefined,
};

let draw = () => {};
let planned = false;

/** @param render renders the page from the state */
export function onChange(render) {
  draw = render;
}

/** @param part the changed members */
export function change(part = {}) {
  Object.assign(state, part);
  if (planned) return;
  planned = true;
  requestAnimationFrame(() => {
    planned = false;
    draw();
  });
}

export function say(text, more = {}) {
  change({ notice: { text, tone: 'good', ...more } });
}

/** Returns whether actions are allowed, and the reason if not. */
export function mayAct() {
  return state.session?.access === 'write';
}
