// Who sends the admin listener more than it waits for, breaks off, or holds on: what is counted is how much is answered at once,
// who is cut, and what of it reaches the log. Real sockets, and a clock that the test moves.

import { connect, Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { textAnswer } from '../../../src/admin/admin-answer.ts';
import { AdminConnection } from '../../../src/admin/admin-connection.ts';
import { AdminListener, type AdminListenerParts } from '../../../src/admin/admin-listener.ts';
import type { AdminRoute } from '../../../src/admin/route.ts';
import { OPEN_ACCESS } from '../../../src/admin/routes.ts';
import { mostInOneTurn } from '../../contract/front-doors.ts';
import { eventually } from '../../support/eventually.ts';
import { visit } from '../../support/http-visit.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const WAITING_MAX = 8;
const FORM_WITHIN_MS = 3000;
const LOOPBACK = { address: '127.0.0.1', port: 0, family: 4 } as const;
const GET = 'GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n';
const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n';
const HALF_A_FORM = `POST /form HTTP/1.1\r\nHost: localhost\r\n${FORM}Content-Length: 50\r\n\r\na=b`;

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
const sockets: Socket[] = [];
let listener: AdminListener;
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.stop(0);
  vi.restoreAllMocks();
  vi.clearAllMocks();
});

/** `/page` answers at once unless `answer` says otherwise; `answered` has an entry for each time that it was asked. */
async function start(parts: Partial<AdminListenerParts> = {}, answer?: AdminRoute['answer']) {
  const clock = new SimulatedClock({ state: 'synchronized' });
  const answered: string[] = [];
  const asked: AdminRoute['answer'] = (visited) => {
    answered.push(visited.path);
    return answer?.(visited) ?? textAnswer(200, `answer ${answered.length}`);
  };
  const route = { answer: asked, doors: 'both', access: 'anybody' } as const;
  listener = new AdminListener({
    ...{ addresses: [LOOPBACK], access: OPEN_ACCESS, allowedHosts: () => [], clock, log },
    routes: { '/page': { ...route, method: 'GET' }, '/form': { ...route, method: 'POST' } },
    ...parts,
  });
  await listener.start();
  return { clock, answered, port: listener.addresses[0]!.port };
}

/** What has come back so far, and whether it is over. */
function send(port: number, octets: string) {
  const said = { text: '', isClosed: false, socket: connect(port, '127.0.0.1') };
  sockets.push(said.socket);
  said.socket.setEncoding('utf8').on('data', (part: string) => (said.text += part));
  said.socket.on('error', () => {}).on('close', () => (said.isClosed = true));
  said.socket.write(octets);
  return said;
}

const bodiesOf = (text: string) => [...text.matchAll(/^answer (\d+)$/gm)].map(([, number]) => Number(number));

describe('requests that do not wait for answers', () => {
  it('are answered one at a time, in order, as long as few wait', async () => {
    const letGo: (() => void)[] = [];
    const { answered, port } = await start({}, async () => {
      const mine = answered.length;
      await new Promise<void>((resolve) => letGo.push(resolve));
      return textAnswer(200, `answer ${mine}`);
    });
    const all = 1 + WAITING_MAX;
    const said = send(port, GET.repeat(all));
    for (let at = 1; at <= all; at += 1) {
      await eventually(() => letGo.length === at);
      expect(answered).toHaveLength(at);
      letGo[at - 1]!();
      await eventually(() => bodiesOf(said.text).length === at);
    }
    expect(bodiesOf(said.text)).toEqual(Array.from({ length: all }, (_, at) => at + 1));
    expect([said.isClosed, log.warn.mock.calls]).toEqual([false, []]);
  });

  it('are answered eight a turn, over however many connections', async () => {
    const { answered, port } = await start();
    const most = await mostInOneTurn({ contexts: answered as never[] }, async () => {
      const all = Array.from({ length: 16 }, () => send(port, GET.repeat(1 + WAITING_MAX)));
      await eventually(() => all.every(({ text }) => bodiesOf(text).length === 1 + WAITING_MAX));
    });
    expect(most).toBeLessThanOrEqual(8);
  });

  it('without end have the connection cut, and are hardly answered', async () => {
    const taken = vi.spyOn(AdminConnection.prototype, 'take');
    const { clock, answered, port } = await start();
    const said = send(port, GET.repeat(380));
    await eventually(() => said.isClosed);
    expect(answered.length).toBeLessThanOrEqual(1);
    expect(taken.mock.calls.length).toBeLessThan(30); // nor were all of them parsed
    expect(log.warn.mock.calls).toEqual([
      [
        'a limit is reached',
        expect.objectContaining({ limit: 'admin: requestsWaiting', client: '127.0.0.1' }),
      ],
    ]);
    expect(await visit(port, '/page')).toMatchObject({ status: 200 });
    await eventually(() => clock.pendingTimers === 0);
    clock.advance(60_000);
    const again = send(port, GET.repeat(380));
    await eventually(() => again.isClosed);
    expect(log.warn.mock.calls[1]![1]).toMatchObject({ times: 1 }); // a connection that is cut counts once
  });

  it('are answered whole, however slowly somebody reads', async () => {
    const big = 'x'.repeat(4_000_000);
    const { answered, port } = await start({}, () => textAnswer(200, big));
    const said = send(port, GET);
    said.socket.pause();
    await eventually(() => answered.length === 1);
    said.socket.write(GET.repeat(WAITING_MAX)); // while the first answer is not read
    for (let at = 0; at < 5; at += 1) await visit(port, '/nothing');
    expect(answered).toHaveLength(1);
    said.socket.resume();
    await eventually(() => said.text.length > (1 + WAITING_MAX) * big.length);
    expect(answered).toHaveLength(1 + WAITING_MAX);
  });

  it('are asked of nobody once the client has gone', async () => {
    let letGo = () => {};
    const { answered, port } = await start({}, async () => {
      await new Promise<void>((resolve) => (letGo = resolve));
      return textAnswer(200, 'late');
    });
    const said = send(port, GET.repeat(3));
    await eventually(() => answered.length === 1);
    said.socket.destroy();
    await eventually(async () => {
      await visit(port, '/nothing');
      return said.isClosed;
    });
    letGo();
    await visit(port, '/nothing');
    expect(answered).toHaveLength(1);
  });

  it('are not taken up behind an answer that said it was the last', async () => {
    let letGo = () => {};
    const { answered, port } = await start({}, async () => {
      await new Promise<void>((resolve) => (letGo = resolve));
      return textAnswer(200, 'the last');
    });
    const said = send(port, GET.repeat(3));
    await eventually(() => answered.length === 1);
    const stopped = listener.stop(60_000);
    letGo();
    await stopped;
    await eventually(() => said.isClosed);
    expect(said.text).toMatch(/\r\nconnection: close\r\n[\s\S]*the last\n$/i);
    expect(answered).toHaveLength(1);
  });
});

it('a request that waits for its turn is given up when its connection closes', async () => {
  await start();
  const socket = new Socket();
  const connection = new AdminConnection(socket, new SimulatedClock());
  const giveUp = vi.fn();
  connection.take(() => giveUp);
  expect(giveUp).not.toHaveBeenCalled();
  socket.destroy();
  await eventually(() => giveUp.mock.calls.length === 1);
});

describe('a form', () => {
  it('that is broken off is no bug of ours, and reaches nobody', async () => {
    const { clock, answered, port } = await start();
    const said = send(port, HALF_A_FORM);
    await eventually(() => clock.pendingTimers === 2); // of the form, and of the connections
    said.socket.destroy();
    await eventually(() => clock.pendingTimers === 0);
    expect(await visit(port, '/page')).toMatchObject({ status: 200 });
    expect([log.error.mock.calls, answered]).toEqual([[], ['/page']]);
  });

  it('whose end does not come is waited for three seconds, and then refused in words', async () => {
    const { clock, answered, port } = await start();
    const said = send(port, HALF_A_FORM);
    await eventually(() => clock.pendingTimers === 2);
    clock.advance(FORM_WITHIN_MS - 1);
    await visit(port, '/nothing');
    expect(said.text).toBe('');
    clock.advance(1);
    await eventually(() => said.isClosed);
    expect(said.text).toMatch(
      /^HTTP\/1\.1 408 [\s\S]*\r\nconnection: close\r\n[\s\S]*not here within 3 s\n$/i,
    );
    expect(answered).toEqual([]);
  });

  it('whose end does not come makes room for who asks for something', async () => {
    const limits = { connections: 2, connectionsPerClient: 2, connectionIdleMs: 15_000 };
    const { clock, port } = await start({ limits });
    const slow = [send(port, HALF_A_FORM), send(port, HALF_A_FORM)];
    await eventually(() => clock.pendingTimers === 3);
    expect(await visit(port, '/page')).toMatchObject({ status: 200 });
    expect(slow.filter(({ isClosed }) => isClosed)).toHaveLength(1);
  });

  it('that comes in pieces is read whole', async () => {
    const forms: string[] = [];
    const { clock, port } = await start({}, ({ form }) => {
      forms.push(form.toString());
      return textAnswer(200, 'thanks');
    });
    const said = send(port, HALF_A_FORM);
    await eventually(() => clock.pendingTimers === 2);
    said.socket.write('c'.repeat(47) + GET);
    await eventually(() => said.text.match(/thanks/g)?.length === 2);
    expect(forms).toEqual([`a=b${'c'.repeat(47)}`, '']);
  });
});

it('a bug that is met again and again does not fill the log', async () => {
  const { port } = await start({}, () => {
    throw new Error('a bug');
  });
  for (let time = 0; time < 9; time += 1) expect(await visit(port, '/page')).toMatchObject({ status: 500 });
  expect(log.error).toHaveBeenCalledTimes(5);
});
