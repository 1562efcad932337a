/** Progress of a run: how much is delivered, the rate, the time left, and why records were skipped or rejected. */
import { html, nothing, type TemplateResult } from 'lit-html';
import type { RunRow } from '../schemas.ts';
import { badge, bar, type Tone } from './elements.ts';
import { duration, number, plural, title } from './format.ts';
import { state } from './state.ts';

type Resource = RunRow['resource'];

/** Type of a record of each resource in Explain. */
const typeOf: Record<Resource, string> = {
  customers: 'customer',
  orders: 'order',
  categories: 'category',
  products: 'product',
  carts: 'cart',
};

const tones: Partial<Record<RunRow['state'], Tone>> = {
  running: 'accent',
  completed: 'good',
  failed: 'bad',
  paused: 'warn',
};

export function stateBadge({ state: word }: Pick<RunRow, 'state'>): TemplateResult {
  return badge(title(word), tones[word] ?? 'quiet');
}

const settledOf = ({ counts }: RunRow) => counts.delivered + counts.skipped + counts.rejected;

/** Records that were read, each once: those read again because they changed meanwhile are counted apart. */
const readOf = ({ counts }: RunRow) => counts.read - counts.caughtUp;

/** @returns whole percent of records with an outcome; 100 only for a completed run; undefined without a total */
function percentOf(run: RunRow): number | undefined {
  if (run.state === 'completed') return 100;
  if (run.total === undefined) return undefined;
  const settled = Math.min(Math.max(0, settledOf(run) - run.counts.caughtUp), run.total);
  return run.total === 0 ? 0 : Math.min(99, Math.floor((settled / run.total) * 100));
}

export function progressView(run: RunRow): TemplateResult {
  const { counts, problem, total, phase } = run;
  const percent = percentOf(run);
  const read = total === undefined ? readOf(run) : Math.min(readOf(run), total);
  const of = total === undefined ? '' : ` of ${number(total)}`;
  const settled = Math.min(settledOf(run), counts.read);
  return html`
    <p class="phase">${stateBadge(run)} <span>${phase === run.state ? '' : title(phase)}</span> <strong>${percent === undefined ? '' : `${percent} %`}</strong></p>
    ${problem ? html`<p class="warn">${problem}</p>` : nothing}
    ${bar(
      `${title(run.resource)}: ${percent === undefined ? `${number(settled)} records done` : `${percent} % done`}`,
      total ?? Math.max(1, counts.read),
      [
        { value: settled - Math.min(settled, counts.caughtUp), tone: 'accent' },
        { value: read, tone: 'quiet' },
      ],
    )}
    <p><span>${number(read)}${of} read</span>, ${number(counts.delivered)} delivered, ${number(counts.read - settledOf(run))} in flight</p>
    <p class="quiet">${rateText(run)}</p>
  `;
}

function rateText(run: RunRow): string {
  const rate = rateOf(run);
  if (rate === undefined) return run.state === 'running' ? 'Measuring the rate…' : '';
  const left = run.total === undefined || rate === 0 ? undefined : (run.total - settledOf(run)) / rate;
  const perSecond = rate < 10 ? rate.toFixed(1) : number(Math.round(rate));
  return `${perSecond} records/s${left === undefined || left <= 0 ? '' : `, about ${duration(left)} left`}`;
}

/** Records per second over the last snapshots; since the start while nothing is settled. */
function rateOf(run: RunRow): number | undefined {
  const samples = state.samples.get(run.id) ?? [];
  const [first, last] = [samples[0], samples.at(-1)];
  if (first && last && last.settled > first.settled)
    return ((last.settled - first.settled) * 1_000) / (last.at - first.at);
  const seconds = (Date.parse(state.syncs?.at ?? '') - Date.parse(run.startedAt ?? '')) / 1_000;
  return seconds > 0 ? settledOf(run) / seconds : undefined;
}

/** @returns records per second from the start to the end of a run */
export function averageRate(run: RunRow): number | undefined {
  const { startedAt, endedAt } = run;
  if (!startedAt || !endedAt) return undefined;
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1_000;
  return seconds > 0 ? settledOf(run) / seconds : undefined;
}

/** Lists each reason with its first 20 records. */
export function reasonsView({ resource, counts }: RunRow): TemplateResult {
  const sorted = Object.entries(counts.reasons).toSorted(([, left], [, right]) => right - left);
  if (sorted.length === 0) return html`<p class="empty">Nothing was skipped or rejected.</p>`;
  return html`<ul class="reasons">
    ${sorted.map(([reason, count]) => {
      const ids = counts.firstIds[reason] ?? [];
      return html`<li>
        <strong>${number(count)}</strong> × ${reason}
        ${
          ids.length === 0
            ? nothing
            : html`<details>
                <summary>${count > ids.length ? `First ${ids.length} ids` : plural(ids.length, 'id')}</summary>
                <ul class="ids">${ids.map((id) => html`<li><a href=${`#explain/${typeOf[resource]}/${encodeURIComponent(id)}`}>${id}</a></li>`)}</ul>
              </details>`
        }
      </li>`;
    })}
  </ul>`;
}

const starters: Record<RunRow['by'], string> = {
  api: 'API or dashboard',
  cli: 'Command line',
  schedule: 'Schedule',
  message: 'Message',
};

export const triggerOf = ({ by, resumes }: RunRow) => (resumes ? `${starters[by]}, resumed` : starters[by]);

/** @returns the options of a run, in words */
export function optionsOf({ request }: RunRow): string[] {
  const { ids, startId, since, where, reason, deleteAll, backfill, force, keepStock } = request;
  return [
    ...(reason ? [reason] : []),
    ...(ids ? [plural(ids.length, 'id')] : []),
    ...(startId ? [`from id ${startId}`] : []),
    ...(since ? [`changed since ${since}`] : []),
    ...(where && !reason ? [where] : []),
    ...(deleteAll ? ['delete all in Klaviyo'] : []),
    ...(backfill === false ? ['triggers flows'] : []),
    ...(force ? ['force update'] : []),
    ...(keepStock ? ['keep stock'] : []),
  ];
}
