/** One run: trigger, options, phase, rate, what was skipped or rejected and why, and its log. */
import { html, nothing, type TemplateResult } from 'lit-html';
import type { RunDetail, RunRow } from '../schemas.ts';
import { request } from './api.ts';
import { loading } from './elements.ts';
import { duration, moment, number, time, title } from './format.ts';
import type { DashboardPage } from './page.ts';
import { averageRate, optionsOf, progressView, reasonsView, stateBadge, triggerOf } from './run-progress.ts';
import { change, state } from './state.ts';

export const runPage: DashboardPage = { key: 'runs', name: 'Run', parent: 'syncs', show: runView, load: loadRun };

const pollMs = 2_000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Reads the run of the address until it has ended or another page is shown. */
function loadRun([id = '']: readonly string[]): void {
  clearTimeout(timer);
  if (state.run.id !== id) change({ run: { id, detail: undefined, error: '' } });
  void readRun(id);
}

async function readRun(id: string): Promise<void> {
  const reply = await request<RunDetail>('GET', `/dashboard/runs/${encodeURIComponent(id)}`);
  if (state.run.id !== id || state.route.key !== 'runs') return;
  change({ run: { id, detail: reply.ok ? reply.body : state.run.detail, error: reply.error } });
  if (reply.ok && reply.body.run.endedAt === undefined) timer = setTimeout(() => void readRun(id), pollMs);
}

function runView(): TemplateResult {
  const { detail, error } = state.run;
  return html`
    <p><a href="#syncs">← Syncs</a></p>
    ${error ? html`<p role="alert" class="bad">${error}</p>` : nothing}
    ${detail ? detailView(detail) : error ? nothing : loading()}
  `;
}

function detailView({ run, ranges, pass, log }: RunDetail) {
  const isRunning = run.endedAt === undefined;
  const rate = averageRate(run);
  return html`
    <h2 class="run">${title(run.resource)} ${run.kind} ${stateBadge(run)}</h2>
    ${run.problem && !isRunning ? html`<p class="banner bad">${run.problem}</p>` : nothing}
    ${isRunning ? html`<div class="card">${progressView(run)}</div>` : nothing}
    <dl class="figures">
      ${count('Read', run.counts.read, run.counts.caughtUp > 0 ? `${number(run.counts.caughtUp)} of them again, as they changed` : '')}
      ${count('Delivered', run.counts.delivered, `${number(run.counts.changes)} changes`)}
      ${count('Skipped', run.counts.skipped, '')} ${count('Rejected', run.counts.rejected, run.counts.rejected > 0 ? 'stored as dead letters' : '')}
    </dl>
    <section aria-labelledby="about-run">
      <h2 id="about-run">Details</h2>
      <dl class="facts card">
        ${fact('Trigger', triggerOf(run))} ${fact('Options', optionsOf(run).join(', ') || 'none: all records')}
        ${fact('Phase', title(run.phase))}
        ${ranges ? fact('Id ranges', `${ranges.done} of ${ranges.all} read`) : nothing}
        ${pass ? fact('Changes read', `${moment(pass.since)} – ${moment(pass.until)}`) : nothing}
        ${fact('Queued', moment(run.queuedAt))} ${fact('Started', moment(run.startedAt))} ${fact('Ended', moment(run.endedAt))}
        ${run.startedAt && run.endedAt ? fact('Took', tookText(run, rate)) : nothing}
        ${run.resumes ? fact('Resumes', html`<a href=${`#runs/${encodeURIComponent(run.resumes)}`}>${run.resumes}</a>`) : nothing}
        ${run.holder ? fact('Process', html`<span class="id">${run.holder}</span>`) : nothing} ${fact('Id', html`<span class="id">${run.id}</span>`)}
      </dl>
    </section>
    <section aria-labelledby="reasons"><h2 id="reasons">Skipped and rejected</h2>${reasonsView(run)}</section>
    ${logView(log)}
  `;
}

function tookText({ startedAt = '', endedAt = '' }: RunRow, rate: number | undefined): string {
  const took = duration((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
  return rate === undefined ? took : `${took}, ${rate < 10 ? rate.toFixed(1) : number(Math.round(rate))} records/s`;
}

function count(name: string, value: number, note: string) {
  return html`<div><dt>${name}</dt><dd><strong>${number(value)}</strong><span class="quiet">${note}</span></dd></div>`;
}

function fact(name: string, value: unknown) {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function logView(log: RunDetail['log']) {
  if (log.length === 0) return nothing;
  return html`<section aria-labelledby="log">
    <h2 id="log">Log <span class="quiet">of this replica, since it started</span></h2>
    <ol class="feed card">${log.map(({ at, tone, text }) => html`<li class=${tone}><time datetime=${at}>${time(at)}</time><span>${text}</span></li>`)}</ol>
  </section>`;
}
