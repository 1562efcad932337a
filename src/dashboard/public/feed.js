/** Activity feed: ids and rules, the latest first, with pause and filter. */

import { repeat } from '/dashboard/lib/lit-html/directives/repeat.js';
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';
import { plural, time } from './format.js';
import { change, maxFeedLines, state } from './state.js';

const explainableTypes = ['customer', 'order', 'category', 'product', 'inventory-entry'];
const keys = new WeakMap();
let nextKey = 0;

export function feedView() {
  const { feed, now } = state;
  const lines = feed.lines.filter((line) => matchesFilter(line, feed));
  return html`<section aria-labelledby="feed">
    <h2 id="feed">What is happening</h2>
    <div class="tools">
      <button aria-pressed=${String(feed.paused)} @click=${togglePause}>${feed.paused ? 'Go on' : 'Pause'}</button>
      <label>Rule
        <select @change=${(event) => filter({ rule: event.target.value })}>
          <option value="">all</option>
          ${now.rules.map(({ rule }) => html`<option value=${rule}>${rule}</option>`)}
        </select>
      </label>
      <label>Show
        <select @change=${(event) => filter({ tone: event.target.value })}>
          <option value="">everything</option>
          <option value="good">delivered</option>
          <option value="bad">problems</option>
        </select>
      </label>
      <label>With the text <input type="search" @input=${(event) => filter({ text: event.target.value })} /></label>
      ${feed.paused ? html`<span role="status">Paused; ${plural(feed.held.length, 'line')} since.</span>` : nothing}
    </div>
    ${
      lines.length === 0
        ? html`<p class="quiet">${feed.lines.length === 0 ? 'Nothing since this page was opened.' : 'Nothing fits the filter.'}</p>`
        : html`<ol class="feed" tabindex="0" aria-label="What is happening, the latest first">
            ${repeat(lines, keyOf, lineView)}
          </ol>`
    }
  </section>`;
}

function lineView({ at, tone, rules, record, text }) {
  return html`<li class=${tone}>
    <time datetime=${at}>${time(at)}</time>
    <span>${rules.join(', ') || '–'}</span>
    <span>${record ? recordView(record) : nothing} ${text}</span>
  </li>`;
}

/** Links to the explanation of a record, if its type has one. */
export function recordView({ typeId, id }) {
  const words = `${typeId} ${id}`;
  return explainableTypes.includes(typeId)
    ? html`<a href=${`#/explain/${typeId}/${encodeURIComponent(id)}`}>${words}</a>`
    : words;
}

function matchesFilter({ rules, tone, record, text }, feed) {
  const words = `${text} ${record?.typeId ?? ''} ${record?.id ?? ''} ${rules.join(' ')}`.toLowerCase();
  return (
    (feed.rule === '' || rules.includes(feed.rule)) &&
    (feed.tone === '' || tone === feed.tone) &&
    words.includes(feed.text.toLowerCase())
  );
}

function filter(part) {
  change({ feed: { ...state.feed, ...part } });
}

function togglePause() {
  const { lines, held, paused, ...rest } = state.feed;
  const shown = paused ? [...held, ...lines].slice(0, maxFeedLines) : lines;
  change({ feed: { ...rest, lines: shown, held: [], paused: !paused } });
}

function keyOf(line) {
  if (!keys.has(line)) {
    nextKey += 1;
    keys.set(line, nextKey);
  }
  return keys.get(line);
}
