/** The frame of the dashboard: navigation, session and the current page, rendered from the state whenever it changes. */
import { html, nothing, render } from 'lit-html';
import { endSession, loadSession } from './api.ts';
import { number } from './format.ts';
import { loginView } from './login.ts';
import type { DashboardPage } from './page.ts';
import { pages } from './pages.ts';
import { loadSettings } from './settings-page.ts';
import { change, notify, onChange, state } from './state.ts';

const [firstPage] = pages;

function currentPage(): DashboardPage {
  return pages.find(({ key }) => key === state.route.key) ?? firstPage;
}

function frame() {
  const { session, connected } = state;
  if (!session) return html`<p role="status" class="empty">Loading…</p>`;
  if (session.access === 'none') return loginView(session);
  const page = currentPage();
  return html`
    <a class="skip" href="#main" @click=${toContent}>Skip to content</a>
    <header>
      <a class="brand" href="#overview"><img src="/dashboard/page/icon.svg" alt="" width="22" height="22" /><span>commercetools <span class="quiet">→</span> Klaviyo</span></a>
      <nav aria-label="Pages">${pages.filter(({ parent }) => parent === undefined).map((listed) => navigationLink(listed, page))}</nav>
      <span class="state">
        <span role="status" class=${connected ? 'live' : 'live off'}>${connected ? 'Live' : 'No connection'}</span>
        ${session.loggedIn ? html`<button class="plain" @click=${endSession}>Sign out</button>` : nothing}
      </span>
    </header>
    <main id="main">
      <h1 tabindex="-1">${page.name}</h1>
      ${
        session.access === 'read'
          ? html`<p id="why-not" class="hint">Read-only. Sign in with a full-access token to make changes.</p>`
          : nothing
      }
      ${page.show()}
    </main>
    ${noticeView()}
  `;
}

function navigationLink({ key, name }: DashboardPage, current: DashboardPage) {
  const isCurrent = current.key === key || current.parent === key;
  const letters = key === 'dead-letters' ? state.overview?.deadLetters : undefined;
  return html`<a href=${`#${key}`} aria-current=${isCurrent ? 'page' : nothing}>${name}${
    letters && letters.count > 0
      ? html` <span class="count" aria-hidden="true">${number(letters.count)}${letters.more ? '+' : ''}</span>`
      : nothing
  }</a>`;
}

/** Live region, always in the document so that screen readers announce changes. */
function noticeView() {
  const { notice } = state;
  return html`<div class="notice" role="status" ?data-shown=${notice !== undefined}>
    ${
      notice
        ? html`<span class=${notice.tone}>${notice.text}</span>
            ${notice.undo ? html`<button @click=${notice.undo}>Undo</button>` : nothing}
            <button class="plain" aria-label="Close the message" @click=${() => change({ notice: undefined })}>✕</button>`
        : nothing
    }
  </div>`;
}

function toContent(event: Event): void {
  event.preventDefault();
  document.querySelector('h1')?.focus();
}

function toRoute(): void {
  const [key = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  const page = pages.find((known) => known.key === key) ?? firstPage;
  change({ route: { key: page.key, rest: rest.map(decode) } });
  document.title = `${page.name} – commercetools to Klaviyo`;
  if (state.session && state.session.access !== 'none') page.load?.(state.route.rest);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

let seen: string | undefined;
const root = document.querySelector<HTMLElement>('#app');
root?.replaceChildren();
onChange(() => {
  if (root) render(frame(), root);
  // After a login the address decides the page, and a new page gets the focus at its heading.
  const place = `${state.session?.access} ${state.route.key}`;
  if (place === seen || !state.session) return;
  const isFirst = seen === undefined;
  const isLogin = !seen?.startsWith(`${state.session.access} `);
  seen = place;
  if (!isFirst) {
    document.querySelector('h1')?.focus();
    scrollTo(0, 0);
  }
  if (state.session.access === 'none') return;
  void loadSettings();
  if (isLogin) currentPage().load?.(state.route.rest);
});
addEventListener('hashchange', toRoute);
addEventListener('unhandledrejection', () => notify('Internal error in the page: reload it.', { tone: 'bad' }));
toRoute();
void loadSession();
