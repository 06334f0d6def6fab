// One GET to a listener of HTTP/1.1 on loopback, and what came back as text.

import { request } from 'node:http';

export interface HttpText {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export function getText(port: number, path: string): Promise<HttpText> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          body: Buffer.concat(chunks).toString(),
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}
