// The page that asks for the password, and the one that says why nobody is let in. Plain forms: they work without a script,
// and password managers know them (HTML Living Standard section 4.10.18.7.1). Pure.

import { html, type Markup, NOTHING, withCode } from './markup.ts';
import type { Page } from './page.ts';

/** What came of the last try; null: this is the first. */
export type SignInProblem =
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | null;

const STATUS = { wrong: 401, wait: 429 } as const;
const ERROR_ID = 'login-error';

/** `to`: a path of this server, where to go afterwards. */
export function loginPage({ to, problem }: { readonly to: string; readonly problem: SignInProblem }): Page {
  const described = problem === null ? NOTHING : html` aria-invalid="true" aria-describedby="${ERROR_ID}"`;
  const form = html`<form class="filter" method="post" action="/login">
<input type="hidden" name="to" value="${to}">
<input type="text" name="user" value="noonmark" autocomplete="username" readonly hidden>
<label>Password <input type="password" name="password" autocomplete="current-password" required autofocus${described}></label>
<button>Sign in</button>
</form>`;
  return {
    title: 'Sign in',
    lead: html`<h1>Sign in</h1>${problem === null ? NOTHING : alert(problem)}${form}${WHICH}`,
    sections: [],
    status: problem === null ? 200 : STATUS[problem.kind],
  };
}

const WHICH = html`<p class="soft">${withCode('It is the one that `noonmark password` made on the server. Where it is forgotten, make another there, by `noonmark password --config FILE` with the configuration of the server: it counts within seconds.')}</p>`;

function alert(problem: NonNullable<SignInProblem>): Markup {
  const sentence =
    problem.kind === 'wrong'
      ? 'That is not the password.'
      : `Too many tries from your address. Try again in ${waitInWords(problem.waitMs)}; the password does not count until then.`;
  return html`<p class="bad" id="${ERROR_ID}" role="alert">${sentence}</p>`;
}

function waitInWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 120) return seconds === 1 ? 'a second' : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** `unset`: there is no password; `unusable`: there is a file, and it cannot be used. */
export function closedPage(password: 'unset' | 'unusable'): Page {
  const why =
    password === 'unset'
      ? 'No password is set, so nobody is let in from here. Names are answered as always.'
      : 'The file of the password cannot be used, so nobody is let in from here. Names are answered as always.';
  return {
    title: 'Closed',
    lead: html`<h1>These pages are closed</h1><p>${why}</p>`,
    sections: [{ id: 'open', title: 'To open them', body: password === 'unset' ? SET_ONE : MEND_IT }],
    status: 403,
  };
}

const SET_ONE = html`<ol class="steps">
<li>${withCode('On the machine that runs Noonmark, make a password: `noonmark password --write /etc/noonmark/password`. Its user must be able to read that file.')}</li>
<li>${withCode('Name it in the configuration, which is read again by itself, by the line `password_file: /etc/noonmark/password` under `admin:`, which may stand there already:')}
<pre class="copy"><code>admin:
  password_file: /etc/noonmark/password</code></pre></li>
<li>Load this page again.</li>
</ol>`;

const MEND_IT = html`<ol class="steps">
<li>${withCode('On the machine that runs Noonmark, `noonmark check --config FILE` says what is wrong with it.')}</li>
<li>${withCode('Or make another in its place: `noonmark password --write` and the path that `admin.password_file` names.')}</li>
<li>Load this page again.</li>
</ol>`;
