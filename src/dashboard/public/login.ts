/** Login with an API token. The browser then holds a cookie that no script can read. */
import { html, type TemplateResult } from 'lit-html';
import { loadSession, request } from './api.ts';
import { change, type SessionState, state } from './state.ts';

async function submit(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const form = event.currentTarget;
  if (!(form instanceof HTMLFormElement)) return;
  const token = new FormData(form).get('token');
  const { ok, error } = await request('POST', '/dashboard/session', { token });
  if (ok) {
    form.reset();
    await loadSession();
  } else change({ session: { access: 'none', ...state.session, error } });
}

export function loginView({ reason, canLogIn, error }: SessionState): TemplateResult {
  return html`<main class="login">
    <img class="mark" src="/dashboard/page/icon.svg" alt="" width="36" height="36" />
    <h1 tabindex="-1">Sign in</h1>
    ${
      canLogIn
        ? html`<form @submit=${submit}>
            <p role="alert" class="bad">${error ?? ''}</p>
            <label for="token">Token</label>
            <input id="token" name="token" type="password" autocomplete="current-password" required aria-describedby="about" />
            <p id="about" class="quiet">One of <code>API_TOKEN</code>, or of <code>API_TOKEN_READ_ONLY</code> for read-only access.</p>
            <button class="main">Sign in</button>
          </form>`
        : html`<p>${reason}</p>`
    }
  </main>`;
}
