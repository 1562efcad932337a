/** Runs: start, stop, resume; progress of running ones and results of ended ones. */
import { html, nothing } from '/dashboard/lib/lit-html/lit-html.js';
import { request } from './api.js';
import { duration, moment, number, plural } from './format.js';
import { runForm, startRun } from './run-form.js';
import { mayAct, notify, state } from './state.js';
import { table } from './table.js';

const resources = ['customers', 'orders', 'categories', 'products'];
/** Type of a record of each resource in Explain. */
const typeOf = { customers: 'customer', orders: 'order', categories: 'category', products: 'product' };

export function runsView() {
  const { runs, settings, stale } = state;
  const old =
    stale === 'runs'
      ? html`<p role="status" class="bad">Runs can't be read now: commercetools holds them.</p>`
      : nothing;
  if (!runs) return stale === 'runs' ? old : html`<p role="status">Waiting for the service…</p>`;
  return html`
    ${old}
    ${settings.syncs ? nothing : html`<p>This port takes no syncs: see APP_TYPE in docs/configuration.md.</p>`}
    <div class="columns">${resources.map((resource) => resourceView(resource, runs))}</div>
    ${followsView(runs.running.filter(({ kind }) => kind === 'follow-up'))}
    <section aria-labelledby="history"><h2 id="history">History</h2>${historyTable(runs.ended)}</section>
  `;
}

function resourceView(resource, { running, ended }) {
  const run = running.find((candidate) => candidate.resource === resource && candidate.kind === 'sync');
  const last = ended.find((candidate) => candidate.resource === resource && candidate.kind === 'sync');
  const locked = !mayAct() || !state.settings.syncs;
  return html`<section class="box" aria-labelledby=${`run-${resource}`}>
    <h2 id=${`run-${resource}`}>${resource}</h2>
    ${run ? progressView(run) : html`<p class="quiet">${last ? `Last sync: ${last.state}, ${moment(last.endedAt)}` : 'Never synced'}</p>`}
    ${
      run
        ? html`<button ?disabled=${locked} aria-describedby="why-not" @click=${() => stop(resource)}>Stop ${resource}</button>`
        : html`<form @submit=${(event) => startRun(event, resource)}>
            ${runForm(resource)}
            <button class="main" ?disabled=${locked} aria-describedby="why-not">Start ${resource}</button>
            ${
              last?.canResume
                ? html`<button type="button" ?disabled=${locked} aria-describedby="why-not" @click=${() => resume(resource)}>
                    Resume ${resource}
                  </button>`
                : nothing
            }
          </form>`
    }
  </section>`;
}

function progressView(run) {
  const { counts, state: word, problem, total } = run;
  const { speed, left } = paceOf(run);
  return html`
    <p><strong>${word}</strong>${problem ? html`: <span class="bad">${problem}</span>` : nothing}</p>
    ${
      total === undefined
        ? html`<progress aria-label=${`${run.resource} under way`}></progress>`
        : html`<progress aria-label=${`${run.resource} read`} max=${Math.max(1, total)} .value=${Math.min(counts.read, total)}></progress>`
    }
    <p>
      ${number(counts.read)}${total === undefined ? '' : ` of ${number(total)}`} read,
      ${number(counts.delivered)} delivered, ${number(counts.read - counts.delivered - counts.skipped - counts.rejected)} pending,
      ${number(counts.skipped)} skipped, ${number(counts.rejected)} rejected
    </p>
    <p class="quiet">
      ${speed === undefined ? 'Speed not known yet' : `${number(Math.round(speed))} records a second`}${left === undefined ? '' : `, ${duration(left)} left`}
    </p>
    ${reasonsView(run)}
  `;
}

/** Records per second over the last snapshots. */
function paceOf({ id, counts, total }) {
  const samples = state.samples.get(id) ?? [];
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || first === last) return {};
  const speed = ((last.read - first.read) * 1_000) / (last.at - first.at);
  return { speed, left: speed > 0 && total > counts.read ? (total - counts.read) / speed : undefined };
}

/** Lists each reason with its first 20 records, if their ids were stored. */
function reasonsView({ resource, counts }) {
  const sorted = Object.entries(counts.reasons).toSorted(([, left], [, right]) => right - left);
  if (sorted.length === 0) return nothing;
  return html`<details>
    <summary>${plural(sorted.length, 'reason')}</summary>
    <ul>${sorted.map(
      ([reason, count]) => html`<li>
        ${number(count)} × ${reason}${idsView(typeOf[resource], counts.firstIds[reason] ?? [], count)}
      </li>`,
    )}</ul>
  </details>`;
}

function idsView(type, ids, count) {
  if (ids.length === 0) return nothing;
  return html`${count > ids.length ? `; the first ${ids.length}:` : ':'}
    <ul>${ids.map((id) => html`<li><a href=${`#/explain/${type}/${encodeURIComponent(id)}`}>${id}</a></li>`)}</ul>`;
}

function followsView(followUps) {
  if (followUps.length === 0) return nothing;
  return html`<section aria-labelledby="follows">
    <h2 id="follows">Small runs that follow messages</h2>
    <ul>${followUps.map(({ resource, request, state: word }) => html`<li>${resource}: ${request.reason} (${word})</li>`)}</ul>
  </section>`;
}

function historyTable(ended) {
  return table({
    caption: 'Runs that ended, the latest first',
    columns: [
      { name: 'Ended' },
      { name: 'Run' },
      { name: 'State' },
      { name: 'Read', numeric: true },
      { name: 'Delivered', numeric: true },
      { name: 'Skipped', numeric: true },
      { name: 'Rejected', numeric: true },
      { name: 'Took', numeric: true },
      { name: 'Why' },
    ],
    rows: ended.map((run) => ({
      key: run.id,
      cells: [
        moment(run.endedAt),
        `${run.resource}${run.kind === 'follow-up' ? ` (${run.request.reason})` : ''}`,
        html`<span class=${run.state === 'failed' ? 'bad' : ''}>${run.state}</span>${run.problem ? `: ${run.problem}` : ''}`,
        number(run.counts.read),
        number(run.counts.delivered),
        number(run.counts.skipped),
        number(run.counts.rejected),
        run.startedAt ? duration((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1_000) : '–',
        reasonsView(run),
      ],
    })),
    empty: 'No run has ended yet.',
  });
}

async function stop(resource) {
  const { ok, body, error } = await request('POST', `/sync/${resource}/stop`);
  notify(ok ? body.message : error, { tone: ok ? 'good' : 'bad' });
}

async function resume(resource) {
  const { ok, body, error } = await request('POST', `/sync/${resource}`, { resume: true });
  notify(ok ? body.message : error, { tone: ok ? 'good' : 'bad' });
}
