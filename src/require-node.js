// The first thing that `npm start` and `npm test` run: plain old JavaScript, so that any Node can read it.
// npm installs the pinned Node 26 next to us where it exists for the platform, and this check passes at once.
// Where it does not, an old Node would stop at the first .ts file with a riddle; this says what to do instead.
var oldest = 24;
if (Number(process.versions.node.split('.')[0]) < oldest) {
  process.stderr.write(
    `Noonmark needs Node ${oldest} or newer and this is ${process.version}: ` +
      'run `npm ci` to get the Node that Noonmark pins, or install a newer one from https://nodejs.org/.\n',
  );
  process.exit(1);
}
