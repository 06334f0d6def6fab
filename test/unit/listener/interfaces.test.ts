// What the host's interfaces say, and what is believed in a moment in which the system cannot say it.

import { expect, test, vi } from 'vitest';
import { interfaceAddresses } from '../../../src/listener/interfaces.ts';

const system = vi.hoisted(() => ({ isOutOfFiles: false }));

vi.mock('node:os', async (importOriginal) => {
  const os = await importOriginal<typeof import('node:os')>();
  const networkInterfaces = () => {
    if (system.isOutOfFiles) throw new Error('uv_interface_addresses returned system error 24');
    return os.networkInterfaces();
  };
  return { ...os, networkInterfaces };
});

test('without a descriptor left to ask with, the addresses are those that were seen last', () => {
  const seen = interfaceAddresses();
  expect(seen.map(({ address }) => address)).toContain('127.0.0.1');
  system.isOutOfFiles = true;
  expect(interfaceAddresses()).toEqual(seen);
});
