/** Overview: rules, quota and health of this replica, and the state that all replicas share. */
import './plot.js';
import { html } from '/dashboard/lib/lit-html/lit-html.js';
import { feedView } from './feed.js';
import { ago, number, plural } from './format.js';
import { liveCheckView } from './live-check.js';
import { state } from './state.js';
import { table } from './table.js';

export function nowView() {
  const { now, runs } = state;
  if (!now) return html`<p role="status">Waiting for the service…</p>`;
  return html`
    <p class="quiet">
      This replica: <strong>${now.replica}</strong>, version ${now.version}. Runs and dead letters are those of all replicas.
    </p>
    ${healthView(now, runs)}
    <section aria-labelledby="rules">
      <h2 id="rules">Rules</h2>
      <p class="quiet">Changes that this replica sent, in realtime and in bulk, over the last five minutes and since it started.</p>
      ${rulesTable(now)}
    </section>
    ${feedView()}
    <section aria-labelledby="quota">
      <h2 id="quota">Klaviyo's quota</h2>
      ${quotaTable(now)}
    </section>
    ${liveCheckView()}
  `;
}

function healthView({ ready, inFlight, deadLetters, memory }, runs) {
  const sources = Object.entries(ready.sources);
  const subscriptions = Object.entries(ready.subscriptions);
  return html`<ul class="cards" aria-label="Health">
    ${card('commercetools', ready.commercetools, ready.commercetools === 'ok')}
    ${card('Klaviyo', ready.klaviyo, ready.klaviyo === 'ok')}
    ${sources.map(([name, status]) => card(`Messages by ${name}`, status, status === 'ok'))}
    ${subscriptionsCard(subscriptions)}
    ${card('Waiting to be sent', `${number(inFlight.realtime)} realtime, ${number(inFlight.bulk)} bulk`, undefined)}
    ${memory.shedReason ? card('Memory', memory.shedReason, false) : ''}
    ${card('Runs', runs ? `${plural(runs.running.length, 'run')} under way` : '…', undefined, '#/runs')}
    ${card('Dead letters', lettersText(deadLetters), deadLetters ? deadLetters.count === 0 : undefined, '#/dead-letters')}
  </ul>`;
}

/** One health card; each unhealthy part has its own line in it. */
function subscriptionsCard(subscriptions) {
  const unhealthy = subscriptions.filter(([, status]) => status !== 'Healthy');
  if (subscriptions.length === 0) return card('Subscriptions', 'none of ours is known', undefined);
  if (unhealthy.length === 0)
    return card('Subscriptions', `${subscriptions.length} of ${subscriptions.length} healthy`, true);
  return card('Subscriptions', unhealthy.map(([name, status]) => `${name}: ${status}`).join(', '), false);
}

function lettersText(letters) {
  if (!letters) return 'not known now';
  return letters.more ? `more than ${number(letters.count)}` : number(letters.count);
}

/** @param good undefined: neutral */
function card(name, status, good, href) {
  const mark = good === undefined ? '' : good ? '✓ ' : '✗ ';
  const tone = good === undefined ? '' : good ? 'good' : 'bad';
  return html`<li>
    <span class="quiet">${href ? html`<a href=${href}>${name}</a>` : name}</span>
    <strong class=${tone}>${mark}${status}</strong>
  </li>`;
}

function rulesTable({ rules, at, slotSeconds }) {
  const perMinute = 60 / slotSeconds;
  const sum = (list) => list.reduce((total, count) => total + count, 0);
  return table({
    caption: 'Rules of this replica',
    columns: [
      { name: 'Rule' },
      { name: 'Last delivery' },
      { name: 'Last five minutes' },
      { name: 'Last minute', numeric: true },
      { name: 'Delivered', numeric: true },
      { name: 'To come again', numeric: true },
      { name: 'Refused', numeric: true },
    ],
    rows: rules.map(({ rule, summary, lastAt, delivered, rejected, totals }) => ({
      key: rule,
      cells: [
        html`<span title=${summary}>${rule}</span>`,
        ago(lastAt, at),
        html`<span role="img" aria-label=${`${plural(sum(delivered), 'change')} delivered, ${number(sum(rejected))} rejected`}>
          <rate-plot .values=${{ delivered, rejected }}></rate-plot>
        </span>`,
        number(sum(delivered.slice(-perMinute))),
        number(totals.delivered),
        number(totals.retried),
        totals.rejected > 0 ? html`<strong class="bad">${number(totals.rejected)}</strong>` : '0',
      ],
    })),
    empty: 'There are no rules.',
  });
}

function quotaTable({ quota }) {
  const busiest = quota.toSorted(
    (left, right) => right.sentLastMinute / right.perMinute - left.sentLastMinute / left.perMinute,
  );
  return table({
    caption: "Requests of this replica to Klaviyo's endpoints",
    columns: [
      { name: 'Endpoint' },
      { name: 'Used' },
      { name: 'Last minute', numeric: true },
      { name: 'Limit a minute', numeric: true },
      { name: 'Left, as Klaviyo says', numeric: true },
    ],
    rows: busiest.map(({ endpoint, sentLastMinute, perMinute, remaining }) => ({
      key: endpoint,
      cells: [
        endpoint,
        html`<meter aria-label=${`quota used by ${endpoint}`} min="0" max=${perMinute} .value=${sentLastMinute}></meter>`,
        number(sentLastMinute),
        number(perMinute),
        remaining === undefined ? '–' : number(remaining),
      ],
    })),
    empty: 'Klaviyo was not asked for anything yet.',
  });
}
