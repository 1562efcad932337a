/** The page: navigation, session and current view, rendered from the state whenever it changes. */
import { html, nothing, render } from '/dashboard/lib/lit-html/lit-html.js';
import { loadSession } from './api.js';
import { lettersView, loadLetters } from './dead-letters.js';
import { explainView, loadExplain } from './explain.js';
import { findView, loadFind } from './find.js';
import { loadLiveCheck } from './live-check.js';
import { loginView, logOut } from './login.js';
import { nowView } from './now.js';
import { runsView } from './runs.js';
import { loadSettings, settingsView } from './settings.js';
import { change, notify, onChange, state } from './state.js';

const views = {
  now: { name: 'Now', show: nowView, load: () => loadLiveCheck() },
  runs: { name: 'Runs', show: runsView, load: () => {} },
  'dead-letters': { name: 'Dead letters', show: lettersView, load: () => loadLetters() },
  find: { name: 'Find', show: findView, load: (rest) => loadFind(rest) },
  explain: { name: 'Explain', show: explainView, load: (rest) => loadExplain(rest) },
  settings: { name: 'Settings', show: settingsView, load: () => {} },
};

function page() {
  const { session, route, connected } = state;
  if (!session) return html`<p role="status">Loading…</p>`;
  if (session.access === 'none') return loginView();
  const view = views[route.view];
  return html`
    <a class="skip" href="#main" @click=${toContent}>To the content</a>
    <header>
      <strong>commercetools → Klaviyo</strong>
      <nav aria-label="Views">
        ${Object.entries(views).map(
          ([key, { name }]) =>
            html`<a href=${`#/${key}`} aria-current=${key === route.view ? 'page' : nothing}>${name}</a>`,
        )}
      </nav>
      <span class="state">
        <span role="status" class=${connected ? 'good' : 'bad'}>${connected ? '● live' : '○ no connection'}</span>
        ${session.loggedIn ? html`<button @click=${logOut}>Log out</button>` : nothing}
      </span>
    </header>
    <main id="main">
      <h1 tabindex="-1">${view.name}</h1>
      ${
        session.access === 'read'
          ? html`<p id="why-not" class="hint">You may only look: log in with a token of API_TOKEN to act.</p>`
          : nothing
      }
      ${view.show()}
    </main>
    ${noticeView()}
  `;
}

/** Live region, always in the document so that screen readers announce changes. */
function noticeView() {
  const { notice } = state;
  return html`<div class="notice" role="status" ?data-shown=${notice !== undefined}>
    ${
      notice
        ? html`<span class=${notice.tone}>${notice.text}</span>
            ${notice.undo ? html`<button @click=${notice.undo}>Undo</button>` : nothing}
            <button aria-label="Close the message" @click=${() => change({ notice: undefined })}>×</button>`
        : nothing
    }
  </div>`;
}

function toContent(event) {
  event.preventDefault();
  document.querySelector('h1')?.focus();
}

function toRoute() {
  const [, view = 'now', ...rest] = location.hash.split('/');
  change({ route: { view: Object.hasOwn(views, view) ? view : 'now', rest: rest.map(decode) } });
  document.title = `${views[state.route.view].name} – commercetools to Klaviyo`;
  if (state.session && state.session.access !== 'none') views[state.route.view].load(state.route.rest);
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

let seen;
const root = document.querySelector('#app');
root.replaceChildren();
onChange(() => {
  render(page(), root);
  // After a login the address decides the view, and a new view gets the focus at its heading.
  const place = `${state.session?.access} ${state.route.view}`;
  if (place === seen || !state.session) return;
  const first = seen === undefined;
  seen = place;
  if (!first) document.querySelector('h1')?.focus();
  if (state.session.access === 'none') return;
  void loadSettings();
  views[state.route.view].load(state.route.rest);
});
addEventListener('hashchange', toRoute);
addEventListener('unhandledrejection', () => notify('Internal error in the page: reload it.', { tone: 'bad' }));
toRoute();
void loadSession();
