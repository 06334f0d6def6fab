// Says when a descriptor has something to receive and reads nothing of it, for which Node has no function. A stream handle of
// Node's is opened on a copy of the descriptor, with a buffer of no octets: libuv then says that there is no room to read into
// (UV_ENOBUFS, uv_alloc_cb in its documentation), and what has come stays where it is. The call comes from the event loop as
// for any socket of Node's: promises and ticks go on behind it, and it makes no garbage.

import { Socket } from 'node:net';

/** Watches until it is closed; the descriptor may be closed before or after. */
export interface Watch {
  close(): void;
}

/** @param onReadable called once in every turn of the loop that finds something to receive, or an error */
export type WatchReadable = (descriptor: number, onReadable: () => void) => Watch;

/** A Pipe of Node's: any Socket has one on `_handle`, and no page of the documentation. */
interface PipeHandle {
  /** Answers 0, or an error's number below it, as `readStart` does. The descriptor is the handle's, and closed with it. */
  open(descriptor: number): number;
  useUserBuffer(buffer: Uint8Array): void;
  /** What it answers would be another buffer. */
  onread: () => undefined;
  readStart(): number;
  close(): void;
}

type PipeClass = new (type: number) => PipeHandle;

/** PipeConstants.SOCKET in Node's source: it takes octets, neither connections nor handles. */
const FOR_OCTETS = 0;
const NO_ROOM = Buffer.alloc(0);

/**
 * @param stream a descriptor of a stream on this machine (AF_UNIX), which is closed: its handle's class is what is wanted
 * @param copyOf another descriptor of the same, or -1
 * @throws Error where Node's handles are other than this expects
 */
export function readableWatch(stream: number, copyOf: (descriptor: number) => number): WatchReadable {
  const Pipe = pipeClassOf(stream);
  return (descriptor, onReadable) => {
    const handle = new Pipe(FOR_OCTETS);
    handle.onread = () => {
      onReadable();
    };
    const isOpen = handle.open(copyOf(descriptor)) === 0;
    handle.useUserBuffer(NO_ROOM);
    if (!isOpen || handle.readStart() !== 0) {
      handle.close();
      throw Object.assign(new Error('watch EBADF'), { code: 'EBADF' }); // or there are no more descriptors
    }
    return handle;
  };
}

function pipeClassOf(stream: number): PipeClass {
  const socket = new Socket({ fd: stream, readable: false, writable: false });
  const handle = (socket as unknown as { readonly _handle: Partial<PipeHandle> | null })._handle;
  socket.destroy();
  const methods = [handle?.open, handle?.useUserBuffer, handle?.readStart, handle?.close];
  if (!methods.every((method) => typeof method === 'function'))
    throw new Error('this Node has other stream handles');
  return handle!.constructor as PipeClass;
}
