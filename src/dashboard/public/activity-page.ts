/** Activity: what each rule does on this replica, and a live feed with pause and filter. */
import { html, nothing, type TemplateResult } from 'lit-html';
import { repeat } from 'lit-html/directives/repeat.js';
import type { FeedLine } from '../feed.ts';
import type { Overview } from '../schemas.ts';
import { bar, loading, recordLink } from './elements.ts';
import { ago, number, plural, sum, time } from './format.ts';
import type { DashboardPage } from './page.ts';
import { change, maxFeedLines, state } from './state.ts';
import { table } from './table.ts';

export const activityPage: DashboardPage = { key: 'activity', name: 'Activity', show: activityView };

const keys = new WeakMap<FeedLine, number>();
let nextKey = 0;

function activityView(): TemplateResult {
  const { overview } = state;
  if (!overview) return loading();
  return html`
    ${feedView(overview)}
    <section aria-labelledby="rules">
      <h2 id="rules">Rules <span class="quiet">this replica, since ${time(overview.startedAt)}</span></h2>
      ${rulesTable(overview)}
    </section>
  `;
}

function feedView({ rules }: Overview) {
  const { feed } = state;
  const lines = feed.lines.filter(matchesFilter);
  return html`<section aria-labelledby="feed">
    <h2 id="feed">Live activity</h2>
    <div class="tools">
      <button aria-pressed=${String(feed.paused)} @click=${togglePause}>${feed.paused ? 'Continue' : 'Pause'}</button>
      <label>Rule
        <select @change=${(event: Event) => filter({ rule: textOfControl(event) })}>
          <option value="">All</option>
          ${rules.map(({ rule }) => html`<option value=${rule}>${rule}</option>`)}
        </select>
      </label>
      <label>Outcome
        <select @change=${(event: Event) => filter({ tone: textOfControl(event) })}>
          <option value="">All</option>
          <option value="good">Delivered</option>
          <option value="bad">Problems</option>
        </select>
      </label>
      <label>Text <input type="search" @input=${(event: Event) => filter({ text: textOfControl(event) })} /></label>
      ${feed.paused ? html`<span role="status">Paused, ${plural(feed.held.length, 'new line')}</span>` : nothing}
    </div>
    ${
      lines.length === 0
        ? html`<p class="empty">${feed.lines.length === 0 ? 'No activity since this page was opened.' : 'No line matches the filter.'}</p>`
        : html`<ol class="feed card" tabindex="0" aria-label="Live activity, latest first">${repeat(lines, keyOf, lineView)}</ol>`
    }
  </section>`;
}

function lineView({ at, tone, rules, record, text }: FeedLine) {
  return html`<li class=${tone}>
    <time datetime=${at}>${time(at)}</time>
    <span>${rules.join(', ') || '–'}</span>
    <span>${record ? recordLink(record) : nothing} ${text}</span>
  </li>`;
}

function matchesFilter({ rules, tone, record, text }: FeedLine): boolean {
  const { feed } = state;
  const words = `${text} ${record?.typeId ?? ''} ${record?.id ?? ''} ${rules.join(' ')}`.toLowerCase();
  return (
    (feed.rule === '' || rules.includes(feed.rule)) &&
    (feed.tone === '' || tone === feed.tone) &&
    words.includes(feed.text.toLowerCase())
  );
}

function textOfControl({ target }: Event): string {
  return target instanceof HTMLSelectElement || target instanceof HTMLInputElement ? target.value : '';
}

function filter(part: Partial<typeof state.feed>): void {
  change({ feed: { ...state.feed, ...part } });
}

function togglePause(): void {
  const { lines, held, paused, ...rest } = state.feed;
  const shown = paused ? [...held, ...lines].slice(0, maxFeedLines) : lines;
  change({ feed: { ...rest, lines: shown, held: [], paused: !paused } });
}

function keyOf(line: FeedLine): number {
  const known = keys.get(line);
  if (known !== undefined) return known;
  nextKey += 1;
  keys.set(line, nextKey);
  return nextKey;
}

function rulesTable({ rules, at }: Overview) {
  const busiest = Math.max(1, ...rules.map(({ delivered, rejected }) => sum(delivered) + sum(rejected)));
  return table({
    caption: 'Rules of this replica',
    columns: [
      { name: 'Rule' },
      { name: 'Last delivery' },
      { name: 'Last five minutes' },
      { name: 'Delivered', numeric: true },
      { name: 'Retried', numeric: true },
      { name: 'Rejected', numeric: true },
    ],
    rows: rules.map(({ rule, summary, offBy, lastAt, delivered, rejected, totals }) => {
      const [good, bad] = [sum(delivered), sum(rejected)];
      return {
        key: rule,
        cells: [
          html`<span title=${summary}>${rule}</span>`,
          offBy === undefined ? ago(lastAt, at) : `off: ${offBy} is empty`,
          bar(`${plural(good, 'change')} delivered, ${number(bad)} rejected`, busiest, [
            { value: bad, tone: 'warn' },
            { value: good + bad, tone: 'accent' },
          ]),
          number(totals.delivered),
          number(totals.retried),
          number(totals.rejected),
        ],
      };
    }),
    empty: 'There are no rules.',
  });
}
