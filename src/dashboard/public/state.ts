/** State of the page. Each update renders the page. */
import type { DeadLetter } from '../../engine/delivery/dead-letters.ts';
import type { Explained } from '../../engine/explain/schema.ts';
import type { FeedLine } from '../feed.ts';
import type { Overview, RunDetail, ShownLiveCheck, ShownSettings, Syncs } from '../schemas.ts';

export const maxFeedLines = 200;

export interface SessionState {
  access: 'write' | 'read' | 'none';
  reason?: string;
  canLogIn?: boolean;
  csrf?: string;
  loggedIn?: boolean;
  /** Why the last login failed. */
  error?: string;
}

export interface Notice {
  text: string;
  tone: 'good' | 'bad';
  undo?: () => void;
}

export interface Sample {
  /** Milliseconds since the epoch, of the service's clock. */
  at: number;
  settled: number;
}

interface PageState {
  /** Undefined until loaded. */
  session: SessionState | undefined;
  route: { key: string; rest: readonly string[] };
  connected: boolean;
  /** Name of the snapshot that is outdated, because the service failed to take a new one. */
  stale: string;
  overview: Overview | undefined;
  syncs: Syncs | undefined;
  /** By run id, for the rate. */
  samples: Map<string, Sample[]>;
  /** What the charts of the overview show. */
  measure: 'count' | 'value';
  run: { id: string; detail: RunDetail | undefined; error: string };
  feed: { lines: FeedLine[]; held: FeedLine[]; paused: boolean; rule: string; tone: string; text: string };
  letters: {
    list: DeadLetter[] | undefined;
    next: string | undefined;
    selected: Set<string>;
    filter: Record<string, string>;
    error: string;
  };
  explain: { busy: boolean; result: Explained | undefined; error: string; requested: string };
  settings: { rows: ShownSettings['rows'] | undefined; syncs: boolean; only: boolean; error: string };
  /** `confirming`: the plan is shown and waits for consent. */
  liveCheck: { shown: ShownLiveCheck | undefined; confirming: boolean; error: string };
  /** Announced by screen readers. */
  notice: Notice | undefined;
}

export const state: PageState = {
  session: undefined,
  route: { key: 'overview', rest: [] },
  connected: false,
  stale: '',
  overview: undefined,
  syncs: undefined,
  samples: new Map(),
  measure: 'count',
  run: { id: '', detail: undefined, error: '' },
  feed: { lines: [], held: [], paused: false, rule: '', tone: '', text: '' },
  letters: { list: undefined, next: undefined, selected: new Set(), filter: {}, error: '' },
  explain: { busy: false, result: undefined, error: '', requested: '' },
  settings: { rows: undefined, syncs: true, only: true, error: '' },
  liveCheck: { shown: undefined, confirming: false, error: '' },
  notice: undefined,
};

let renderPage = () => {};
let isScheduled = false;

/** @param render renders the page from the state */
export function onChange(render: () => void): void {
  renderPage = render;
}

/** @param part the changed members */
export function change(part: Partial<PageState> = {}): void {
  Object.assign(state, part);
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    renderPage();
  });
}

const noticeMs = 6_000;
const errorNoticeMs = 12_000;
let noticeTimer: ReturnType<typeof setTimeout> | undefined;

/** Shows a message for some seconds. One with `undo` stays until it is replaced. */
export function notify(text: string, options: Partial<Notice> = {}): void {
  const notice: Notice = { text, tone: 'good', ...options };
  clearTimeout(noticeTimer);
  change({ notice });
  if (notice.undo) return;
  noticeTimer = setTimeout(
    () => {
      if (state.notice === notice) change({ notice: undefined });
    },
    notice.tone === 'bad' ? errorNoticeMs : noticeMs,
  );
}

const pendingActions = new Set<string>();

/** Runs an action unless the one with the same name is still running, so that a second click does nothing. */
export async function once(name: string, action: () => Promise<void>): Promise<void> {
  if (pendingActions.has(name)) return;
  pendingActions.add(name);
  change();
  try {
    await action();
  } finally {
    pendingActions.delete(name);
    change();
  }
}

export function isPending(name: string): boolean {
  return pendingActions.has(name);
}

/** Returns whether actions are allowed. */
export function mayAct(): boolean {
  return state.session?.access === 'write';
}
