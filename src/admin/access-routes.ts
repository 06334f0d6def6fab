// Signing in and out, and what whoever may not be here is answered: pages lead to the password, programs are told that they
// need a token (RFC 6750 section 3), and where there is neither, a page says what to do. Never more than that.

import { closedPage, loginPage } from '../web/login-page.ts';
import type { Page } from '../web/page.ts';
import type { Access, SignIn } from './access/access.ts';
import type { Admission } from './access/admission.ts';
import { type AdminAnswer, seeOther, textAnswer } from './admin-answer.ts';
import { type AdminAccess, type AdminRoute, type AdminRoutes, type AdminVisit, isPagePath } from './route.ts';

export interface AccessSubject {
  readonly access: Pick<Access, 'judge' | 'signIn' | 'signOut' | 'password'>;
  /** A page as an answer to a visit, in its frame. */
  readonly render: (page: Page, visit: AdminVisit) => AdminAnswer;
}

/** Who may see what, with the paths that this needs. */
export function adminAccess(subject: AccessSubject): AdminAccess {
  const { access } = subject;
  return {
    admits: (visit) => access.judge(visit).isAdmitted,
    refuse: (visit) => refusal(visit, access.judge(visit), subject),
    routes: accessRoutes(subject),
  };
}

export function accessRoutes({ access, render }: AccessSubject): AdminRoutes {
  const open = (method: AdminRoute['method'], answer: AdminRoute['answer']): AdminRoute => ({
    ...{ method, answer },
    ...{ doors: 'both', access: 'anybody' },
  });
  return {
    '/login': [
      open('GET', (visit) => {
        const to = ownTarget(visit.query.get('to'));
        if (visit.isAdmitted) return seeOther(to);
        const { password } = access;
        return render(password === 'set' ? loginPage({ to, problem: null }) : closedPage(password), visit);
      }),
      open('POST', async (visit) => {
        const to = ownTarget(visit.form.get('to'));
        const signIn = await access.signIn(visit, visit.form.get('password') ?? '');
        return signInAnswer(signIn, to, (page) => render(page, visit), access);
      }),
    ],
    '/logout': open('POST', (visit) => seeOther('/login', { 'set-cookie': access.signOut(visit) })),
  };
}

function signInAnswer(
  signIn: SignIn,
  to: string,
  render: (page: Page) => AdminAnswer,
  { password }: Pick<Access, 'password'>,
): AdminAnswer {
  switch (signIn.kind) {
    case 'signed-in':
      return seeOther(to, { 'set-cookie': signIn.cookie });
    case 'closed':
      return render(closedPage(password === 'set' ? 'unset' : password));
    case 'wrong':
      return { ...render(loginPage({ to, problem: signIn })), fields: ASK_FOR_TOKEN };
    case 'wait': {
      const fields = { 'retry-after': String(Math.ceil(signIn.waitMs / 1000)) };
      return { ...render(loginPage({ to, problem: signIn })), fields };
    }
  }
}

/** RFC 9110 section 11.6.1: every 401 names a way, and browsers ask nobody for a token by themselves. */
const ASK_FOR_TOKEN = { 'www-authenticate': 'Bearer realm="noonmark"' } as const;
const WRONG_TOKEN = { 'www-authenticate': 'Bearer realm="noonmark", error="invalid_token"' } as const;

function refusal(visit: AdminVisit, admission: Admission, { access, render }: AccessSubject): AdminAnswer {
  const why = admission.isAdmitted ? 'not-signed-in' : admission.why;
  if (why === 'wrong-token') return textAnswer(401, 'that is not the token', WRONG_TOKEN);
  if (isPagePath(visit.path)) {
    const { password } = access;
    if (password !== 'set') return render(closedPage(password), visit);
    return seeOther(`/login?${new URLSearchParams({ to: targetOf(visit) })}`);
  }
  if (why === 'locked')
    return textAnswer(
      403,
      'nobody is let in from here: there is neither a password nor a token; see `admin` in docs/configuration.md',
    );
  return textAnswer(401, 'a bearer token is needed, or signing in at /login', ASK_FOR_TOKEN);
}

/** Where somebody wanted to go; a form that was sent is not sent again. */
function targetOf({ method, path, query }: AdminVisit): string {
  if (method !== 'GET' && method !== 'HEAD') return '/';
  const search = query.toString();
  return search === '' ? path : `${path}?${search}`;
}

const TARGET_CHARACTERS_MAX = 1024;

/** `to`, where it is a path on this very server, else the first page: nobody is led elsewhere by a link to here. */
export function ownTarget(to: string | null): string {
  const isOurs = to !== null && to.length <= TARGET_CHARACTERS_MAX && /^\/(?![/\\])[!-~]*$/.test(to);
  return isOurs && !/^\/log(?:in|out)\b/.test(to) ? to : '/';
}
