/** Syncs: start, stop and resume by resource, those that ended, and follow-ups apart. */
import { html, nothing, type TemplateResult } from 'lit-html';
import type { RunRow, Syncs } from '../schemas.ts';
import { nextSyncs, request } from './api.ts';
import { loading, staleView } from './elements.ts';
import { ago, duration, moment, number, plural, title } from './format.ts';
import type { DashboardPage } from './page.ts';
import { runForm, startRun } from './run-form.ts';
import { optionsOf, progressView, stateBadge, triggerOf } from './run-progress.ts';
import { isPending, mayAct, notify, once, state } from './state.ts';
import { table } from './table.ts';

export const syncsPage: DashboardPage = { key: 'syncs', name: 'Syncs', show: syncsView };

type ResourceState = Syncs['resources'][number];

function syncsView(): TemplateResult {
  const { syncs, settings } = state;
  if (!syncs) return state.stale === 'syncs' ? html`${staleView('syncs')}` : loading();
  return html`
    ${staleView('syncs')}
    ${settings.syncs ? nothing : html`<p class="hint">This port does not start syncs: see <code>APP_TYPE</code> in docs/configuration.md.</p>`}
    <div class="resources">${syncs.resources.map((each) => resourceView(each, syncs.at))}</div>
    <section aria-labelledby="ended"><h2 id="ended">Past syncs</h2>${runTable('Past syncs, latest first', syncs.ended, 'No sync has ended yet.')}</section>
    ${followUpsView(syncs.followUps)}
  `;
}

const runHref = ({ id }: RunRow) => `#runs/${encodeURIComponent(id)}`;

function resourceView(each: ResourceState, at: string) {
  const { resource, running } = each;
  const locked = !mayAct() || !state.settings.syncs;
  return html`<section class="card resource" aria-labelledby=${`sync-${resource}`}>
    <h2 id=${`sync-${resource}`}>${title(resource)}</h2>
    ${running ? runningView(running, locked) : idleView(each, locked, at)}
  </section>`;
}

function runningView(run: RunRow, locked: boolean) {
  const { resource } = run;
  const isStopping = run.state === 'stopping' || isPending(`stop ${resource}`);
  return html`${progressView(run)}
    <p class="buttons">
      <button ?disabled=${locked || isStopping} aria-describedby="why-not" @click=${() => stop(resource)}>Stop ${resource}</button>
      <a class="button" href=${runHref(run)}>Details</a>
    </p>`;
}

function idleView({ resource, last, lastCompleted }: ResourceState, locked: boolean, at: string) {
  const isStarting = isPending(`start ${resource}`);
  const disabled = locked || isStarting;
  const canResume = last?.canResume === true;
  return html`
    <p>
      ${
        last
          ? html`${stateBadge(last)} <a href=${runHref(last)}>${ago(last.endedAt, at)}</a>`
          : html`<span class="quiet">Never synced</span>`
      }
    </p>
    ${last && last.state !== 'completed' ? html`<p class="quiet small">${lastCompleted ? `Last completed ${moment(lastCompleted)}` : 'Not completed yet'}${last.problem ? `. ${last.problem}` : ''}</p>` : nothing}
    ${
      canResume
        ? html`<button class="main" ?disabled=${disabled} aria-describedby="why-not" @click=${() => resume(resource)}>Resume ${resource}</button>`
        : nothing
    }
    <form @submit=${(event: Event) => start(event, resource)}>
      ${runForm(resource)}
      <button class=${canResume ? '' : 'main'} ?disabled=${disabled} aria-describedby="why-not">
        ${canResume ? `Start ${resource} from the beginning` : `Start ${resource}`}
      </button>
    </form>
  `;
}

function runTable(caption: string, runs: readonly RunRow[], empty: string) {
  return table({
    caption,
    columns: [
      { name: 'Ended' },
      { name: 'Sync' },
      { name: 'State' },
      { name: 'Trigger' },
      { name: 'Read', numeric: true },
      { name: 'Delivered', numeric: true },
      { name: 'Skipped', numeric: true },
      { name: 'Rejected', numeric: true },
      { name: 'Took', numeric: true },
    ],
    rows: runs.map((run) => ({
      key: run.id,
      cells: [
        moment(run.endedAt),
        html`<a href=${runHref(run)}>${title(run.resource)}</a><span class="quiet small"> ${optionsOf(run).join(', ')}</span>`,
        stateBadge(run),
        triggerOf(run),
        number(run.counts.read),
        number(run.counts.delivered),
        number(run.counts.skipped),
        number(run.counts.rejected),
        run.startedAt && run.endedAt ? duration((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1_000) : '–',
      ],
    })),
    empty,
  });
}

/** Messages queue follow-ups, which need no supervision. */
function followUpsView({ running, ended }: Syncs['followUps']) {
  if (running.length + ended.length === 0) return nothing;
  return html`<details class="section">
    <summary>Follow-ups of messages <span class="quiet">${plural(running.length, 'running', 'running')}, ${number(ended.length)} ended</span></summary>
    ${running.length === 0 ? nothing : html`<ul class="rows">${running.map((run) => html`<li>${stateBadge(run)} <a href=${runHref(run)}>${title(run.resource)}</a> ${optionsOf(run).join(', ')}</li>`)}</ul>`}
    ${runTable('Follow-ups that ended, latest first', ended, 'No follow-up has ended yet.')}
  </details>`;
}

function start(event: Event, resource: RunRow['resource']): void {
  event.preventDefault();
  void once(`start ${resource}`, async () => {
    await startRun(event, resource);
    await nextSyncs();
  });
}

function resume(resource: RunRow['resource']): void {
  void once(`start ${resource}`, () => act(`/sync/${resource}`, { resume: true }));
}

function stop(resource: RunRow['resource']): void {
  void once(`stop ${resource}`, () => act(`/sync/${resource}/stop`));
}

async function act(path: string, body?: unknown): Promise<void> {
  const reply = await request<{ message: string }>('POST', path, body);
  notify(reply.ok ? reply.body.message : reply.error, { tone: reply.ok ? 'good' : 'bad' });
  await nextSyncs();
}
