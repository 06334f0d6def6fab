// A secret as somebody types it at a terminal, shown to nobody, or as a script sends it. Bounded, and the terminal is left as
// it was found.

import type { ReadStream } from 'node:tty';

const ENTER = new Set(['\r', '\n']);
const BACKSPACE = new Set(['\b', '\u007f']);
const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';
const ERASE_LINE = '\u0015';
/** What nobody types: an end to a terminal that repeats itself. */
const TYPED_MAX = 4096;

/** What was typed until Enter; null when it was given up (Ctrl+C, or Ctrl+D at the beginning). */
export function askHidden(
  question: string,
  input: Pick<ReadStream, 'setRawMode' | 'on' | 'off' | 'resume' | 'pause' | 'setEncoding' | 'unshift'>,
  output: { write(text: string): unknown },
): Promise<string | null> {
  output.write(question);
  input.setEncoding('utf8');
  input.setRawMode(true);
  input.resume();
  return new Promise((resolve) => {
    let typed: string[] = [];
    const end = (result: string | null) => {
      input.off('data', take).off('end', gone);
      input.setRawMode(false);
      input.pause();
      output.write('\n');
      resolve(result);
    };
    const gone = () => end(null);
    const take = (text: string) => {
      const characters = [...text];
      for (const [at, character] of characters.entries()) {
        const isEnter = ENTER.has(character);
        if (isEnter || character === INTERRUPT || (character === END_OF_INPUT && typed.length === 0)) {
          const rest = characters.slice(at + 1).join('');
          end(isEnter ? typed.join('') : null);
          if (rest !== '') input.unshift(rest); // both answers were pasted at once
          return;
        }
        if (BACKSPACE.has(character)) typed.pop();
        else if (character === ERASE_LINE) typed = [];
        else if (character !== END_OF_INPUT && typed.length < TYPED_MAX) typed.push(character);
      }
    };
    input.on('data', take).on('end', gone);
  });
}

/** The first line, without its end; one that is longer than `octetsMax` is cut behind that, and so still too long. */
export async function firstLine(input: AsyncIterable<Uint8Array>, octetsMax: number): Promise<string> {
  let octets = Buffer.alloc(0);
  for await (const piece of input) {
    octets = Buffer.concat([octets, piece]);
    if (octets.includes('\n') || octets.length > octetsMax + 1) break;
  }
  const [line = ''] = octets.toString().split('\n', 1);
  return line.replace(/\r$/, '');
}
