/** All that the page knows, in one place; whoever changes it has it drawn again. */

export const maxFeedLines = 200;

export const state = {
  /** Undefined until it is known; `access`: write, read or none. */
  session: undefined,
  route: { view: 'now', rest: [] },
  connected: false,
  /** The view whose picture is old, because the service could not draw it. */
  stale: '',
  now: undefined,
  runs: undefined,
  /** By run: `{ at, read }`, for the speed. */
  samples: new Map(),
  feed: { lines: [], held: [], paused: false, rule: '', tone: '', text: '' },
  letters: { list: undefined, next: undefined, selected: new Set(), filter: {}, error: '', busy: false },
  explain: { busy: false, result: undefined, error: '', asked: '' },
  settings: { rows: undefined, syncs: true, only: false, error: '' },
  /** Said to everybody, also to those who don't see: `{ text, tone, undo }`. */
  notice: undefined,
};

let draw = () => {};
let planned = false;

/** @param render draws the page from the state */
export function onChange(render) {
  draw = render;
}

/** @param part what is new */
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

/** Whether buttons do anything, and if not, why. */
export function mayAct() {
  return state.session?.access === 'write';
}
