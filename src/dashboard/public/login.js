/** Login with an API token. The browser then holds a cookie that no script can read. */
import { html } from '/dashboard/lib/lit-html/lit-html.js';
import { loadSession, request } from './api.js';
import { change, state } from './state.js';

async function submit(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const token = new FormData(form).get('token');
  const { ok, error } = await request('POST', '/dashboard/session', { token });
  if (ok) {
    form.reset();
    await loadSession();
  } else change({ session: { ...state.session, error } });
}

export async function logOut() {
  await request('DELETE', '/dashboard/session');
  await loadSession();
}

export function loginView() {
  const { reason, canLogIn, error } = state.session;
  return html`<main class="login">
    <h1 tabindex="-1">Log in</h1>
    ${
      canLogIn
        ? html`<form @submit=${submit}>
            <label for="token">Token</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required aria-describedby="about" />
            <p id="about" class="quiet">One of API_TOKEN, or of API_TOKEN_READ_ONLY to look only.</p>
            <p role="alert" class="bad">${error ?? ''}</p>
            <button class="main">Log in</button>
          </form>`
        : html`<p>${reason}</p>`
    }
  </main>`;
}
