// node:http without what an import of it brings along: `import` reads every export at once, and those that browsers know
// (WebSocket, MessageEvent) load the undici inside Node and all web streams: 45 ms and 16 MB that nobody here asks for.

export const nodeHttp = process.getBuiltinModule('node:http');
