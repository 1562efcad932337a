/** Overview: what needs attention, how quickly messages are delivered, what Klaviyo got, and the connections. */
import './chart.ts';
import { html, nothing, type TemplateResult } from 'lit-html';
import type { Attention, DailySeries, DelayHistory, Overview } from '../schemas.ts';
import type { ChartContent } from './chart.ts';
import { badge, bar, dot, loading, staleView, type Tone } from './elements.ts';
import { ago, day, delay, hour, moment, money, number, plural, shortDelay, shortNumber, sum, title } from './format.ts';
import type { DashboardPage } from './page.ts';
import { change, state } from './state.ts';

export const overviewPage: DashboardPage = { key: 'overview', name: 'Overview', show: overviewView };

const chartHeight = 104;
const shownEndpoints = 3;
const slotsPerHour = 12;

function overviewView(): TemplateResult {
  const { overview } = state;
  if (!overview) return state.stale === 'overview' ? html`${staleView('overview')}` : loading();
  return html`
    ${staleView('overview')} ${attentionView(overview)} ${figuresView(overview)} ${historyView(overview.history)}
    ${metricsView(overview)} ${recordsView(overview)}
    <div class="pair">${connectionsView(overview)} ${quotaView(overview)}</div>
    <p class="quiet small">
      This replica: <strong>${overview.replica}</strong>, version ${overview.version}, started ${moment(overview.startedAt)}.
      Delay, backlog and rate limits are those of this replica; everything else is of all replicas.
    </p>
  `;
}

function attentionView({ attention, at }: Overview) {
  if (attention.length === 0) return nothing;
  return html`<section class="attention" aria-label="Action required">
    ${attention.map((entry) => attentionEntry(entry, at))}
  </section>`;
}

function attentionEntry({ tone, title: heading, detail, since, advice, href }: Attention, at: string) {
  return html`<div class=${`banner ${tone}`} role=${tone === 'bad' ? 'alert' : 'status'}>
    <div>
      <h2>${heading}</h2>
      <p>${detail}</p>
      <p><strong>What to do:</strong> ${advice} ${href ? html`<a href=${href}>Open</a>` : nothing}</p>
    </div>
    <p class="since">since ${moment(since)}<br /><span class="quiet"> (${ago(since, at)})</span></p>
  </div>`;
}

function backlogText({ realtime, cart, bulk }: Overview['inFlight']): string {
  const carts = cart > 0 ? `${number(cart)} of carts, ` : '';
  return `${number(realtime)} real-time, ${carts}${number(bulk)} of syncs`;
}

function figuresView({ history, inFlight, deadLetters, daily, attention, at }: Overview) {
  const lastHour = history.medianDelay.slice(-slotsPerHour).filter((value) => value !== null);
  const median = lastHour.toSorted((left, right) => left - right)[Math.floor(lastHour.length / 2)];
  const eventsToday = sum((daily ?? []).filter(({ isMetric }) => isMetric).map((series) => lastOf(series)));
  const isHealthy = attention.every(({ tone }) => tone !== 'bad');
  const delayNow = history.last;
  return html`<dl class="figures">
    ${figure('Status', html`${dot(isHealthy ? 'good' : 'bad')} ${isHealthy ? 'Delivering' : 'Needs action'}`, delayNow ? `last delivery ${ago(delayNow.at, at)}` : 'no message since the start')}
    ${figure('Delay', median === undefined ? (delayNow ? delay(delayNow.delaySeconds) : '–') : delay(median), median === undefined ? 'message created → accepted' : 'median of the last hour, message created → accepted')}
    ${figure('Backlog', number(inFlight.realtime + inFlight.cart + inFlight.bulk), backlogText(inFlight))}
    ${figure('Events today', daily ? number(eventsToday) : '–', 'accepted by Klaviyo')}
    ${figure(
      'Dead letters',
      deadLetters
        ? html`<a href="#dead-letters" class=${deadLetters.count > 0 ? 'warn' : ''}>${number(deadLetters.count)}${deadLetters.more ? '+' : ''}</a>`
        : '–',
      deadLetters ? (deadLetters.count > 0 ? 'to retry or discard' : 'nothing to do') : 'not known now',
    )}
  </dl>`;
}

function figure(name: string, value: unknown, note: string) {
  return html`<div><dt>${name}</dt><dd><strong>${value}</strong><span class="quiet">${note}</span></dd></div>`;
}

const lastOf = ({ realtime, bulk }: DailySeries) => (realtime.at(-1) ?? 0) + (bulk.at(-1) ?? 0);

function historyView({ from, slotSeconds, medianDelay, slowDelay, backlog }: DelayHistory) {
  if (medianDelay.every((value) => value === null) && sum(backlog) === 0) return nothing;
  const start = Date.parse(from) / 1_000;
  const labels = medianDelay.map((_value, index) => hour(start + index * slotSeconds));
  const slowest = Math.max(0, ...slowDelay.map((value) => value ?? 0));
  return html`<section aria-labelledby="history">
    <h2 id="history">Last six hours</h2>
    <div class="pair">
      ${chartCard('Delay', 'created → accepted by Klaviyo', `Delay over six hours, at most ${delay(slowest)}`, {
        ...{ type: 'lines' as const, labels, height: chartHeight, format: delay, axis: shortDelay },
        series: [
          { label: 'Median', values: medianDelay, color: '--accent' },
          { label: '95 % below', values: slowDelay, color: '--soft' },
        ],
      })}
      ${chartCard(
        'Backlog',
        'most changes that waited at once',
        `Backlog over six hours, at most ${number(Math.max(...backlog))}`,
        {
          ...{ type: 'bars' as const, labels, height: chartHeight, format: shortNumber },
          series: [{ label: 'Changes', values: backlog, color: '--accent' }],
        },
      )}
    </div>
  </section>`;
}

/** Names the colors of a chart's series. */
function keys(accent: string, soft: string) {
  return html`<span class="key">${accent}</span><span class="key soft">${soft}</span>`;
}

function chartCard(name: string, note: string, label: string, content: ChartContent) {
  return html`<div class="card">
    <h3>${name} <span class="quiet">${note} ${name === 'Delay' ? keys('median', '95 %') : nothing}</span></h3>
    <time-chart role="img" aria-label=${label} .content=${content}></time-chart>
  </div>`;
}

function metricsView({ daily, days, at }: Overview) {
  if (!daily)
    return html`<section><h2>Events in Klaviyo</h2><p class="empty">The counts can't be read now.</p></section>`;
  const metrics = daily
    .filter(({ isMetric }) => isMetric)
    .toSorted((left, right) => sum(totals(right)) - sum(totals(left)));
  if (metrics.length === 0) return nothing;
  return html`<section aria-labelledby="metrics">
    <div class="title">
      <h2 id="metrics">Events accepted by Klaviyo <span class="quiet">per day, last 14 days ${state.measure === 'count' ? keys('Real-time', 'Syncs') : nothing}</span></h2>
      <div class="switch" role="group" aria-label="Show in the charts">
        ${(['count', 'value'] as const).map(
          (measure) =>
            html`<button aria-pressed=${String(state.measure === measure)} @click=${() => change({ measure })}>${title(measure)}</button>`,
        )}
      </div>
    </div>
    <div class="metrics">${metrics.map((series) => metricCard(series, days, at))}</div>
  </section>`;
}

const totals = ({ realtime, bulk }: DailySeries) => realtime.map((count, index) => count + (bulk[index] ?? 0));

/** The currency with the largest sum; others are in the tooltip. */
function mainCurrency({ values }: DailySeries): string | undefined {
  return Object.keys(values).toSorted((left, right) => sum(values[right] ?? []) - sum(values[left] ?? []))[0];
}

function metricCard(series: DailySeries, days: readonly string[], at: string) {
  const { name, realtime, bulk, values, lastAt } = series;
  const currency = mainCurrency(series);
  const count = sum(totals(series));
  const showsValue = state.measure === 'value' && currency !== undefined;
  const valueOn = (index: number) =>
    Object.entries(values)
      .filter(([, perDay]) => (perDay[index] ?? 0) > 0)
      .map(([code, perDay]) => money(perDay[index] ?? 0, code))
      .join(', ');
  const content: ChartContent = {
    ...{ type: 'bars', labels: days.map(day), height: chartHeight },
    format: showsValue ? (value) => shortNumber(value) : shortNumber,
    series: showsValue
      ? [{ label: `Value in ${currency}`, values: values[currency] ?? [], color: '--accent' }]
      : [
          { label: 'Syncs', values: bulk, color: '--soft' },
          { label: 'Real-time', values: realtime, color: '--accent' },
        ],
    note: (index) => (showsValue ? plural(totals(series)[index] ?? 0, 'event') : valueOn(index) || undefined),
  };
  const value = currency === undefined ? '' : money(sum(values[currency] ?? []), currency);
  return html`<article class="card metric" aria-label=${name}>
    <h3>${name}</h3>
    <p class="total"><strong>${number(count)}</strong> ${value ? html`<span>${value}</span>` : nothing}<span class="quiet">last ${ago(lastAt, at)}</span></p>
    <time-chart role="img" aria-label=${`${name}: ${plural(count, 'event')} in 14 days, ${number(lastOf(series))} today`} .content=${content}></time-chart>
  </article>`;
}

const kindNames: Record<string, string> = {
  profile: 'Profiles',
  'order-profile': 'Profiles of orders',
  item: 'Catalog items',
  category: 'Catalog categories',
  stock: 'Stock of variants',
  delete: 'Deleted catalog records',
  erasure: 'Erased profiles',
};

function recordsView({ daily, at }: Overview) {
  const kinds = (daily ?? []).filter(({ isMetric }) => !isMetric);
  if (kinds.length === 0) return nothing;
  return html`<section aria-labelledby="records">
    <h2 id="records">Profiles and catalog <span class="quiet">updates accepted, last 14 days</span></h2>
    <dl class="figures">
      ${kinds.map((series) =>
        figure(
          kindNames[series.name] ?? title(series.name),
          number(sum(totals(series))),
          `${number(lastOf(series))} today, last ${ago(series.lastAt, at)}`,
        ),
      )}
    </dl>
  </section>`;
}

function connectionsView({ ready, links }: Overview) {
  const subscriptions = Object.entries(ready.subscriptions);
  const healthy = subscriptions.filter(([, status]) => status === 'Healthy').length;
  return html`<section aria-labelledby="connections">
    <h2 id="connections">Connections</h2>
    <ul class="rows card">
      ${connection('Klaviyo', ready.klaviyo, links.klaviyo, 'Open Klaviyo')}
      ${connection('commercetools', ready.commercetools, links.merchantCenter, 'Open Merchant Center')}
      ${Object.entries(ready.sources).map(([name, status]) => connection(`Messages by ${name}`, status))}
      ${subscriptions.length === 0 ? nothing : connection('Subscriptions', healthy === subscriptions.length ? 'ok' : `${healthy} of ${subscriptions.length} healthy`)}
    </ul>
  </section>`;
}

function connection(name: string, status: string, href?: string, label?: string) {
  const tone: Tone = status === 'ok' ? 'good' : 'bad';
  return html`<li>
    ${dot(tone)}<span class="grow">${name}${href ? html` <a class="small" href=${href} target="_blank" rel="noreferrer">${label} ↗</a>` : nothing}</span>
    ${badge(status === 'ok' ? 'OK' : status, tone)}
  </li>`;
}

function quotaView({ quota }: Overview) {
  if (quota.length === 0) return nothing;
  const busiest = quota.toSorted(
    (left, right) => right.sentLastMinute / right.perMinute - left.sentLastMinute / left.perMinute,
  );
  const others = busiest.slice(shownEndpoints);
  return html`<section aria-labelledby="quota">
    <h2 id="quota">Klaviyo's rate limits <span class="quiet">last minute</span></h2>
    <div class="card">
      <ul class="rows">${busiest.slice(0, shownEndpoints).map(endpointRow)}</ul>
      ${
        others.length > 0
          ? html`<details>
              <summary>${plural(others.length, 'more endpoint')}</summary>
              <ul class="rows">${others.map(endpointRow)}</ul>
            </details>`
          : nothing
      }
    </div>
  </section>`;
}

function endpointRow({ endpoint, sentLastMinute, perMinute, remaining }: Overview['quota'][number]) {
  const tone: Tone = sentLastMinute > perMinute * 0.9 ? 'warn' : 'accent';
  return html`<li class="endpoint">
    <span class="grow">${endpoint}</span>
    <span class="quiet">${number(sentLastMinute)} of ${number(perMinute)}, ${number(remaining)} remaining</span>
    ${bar(`${endpoint}: ${number(sentLastMinute)} of ${number(perMinute)} requests`, perMinute, [{ value: sentLastMinute, tone }])}
  </li>`;
}
