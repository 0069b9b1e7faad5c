// A browser's side of a story of breaks, told by clients that nobody here wrote: the npm packages
// `eventsource` and `@microsoft/fetch-event-source`, and Chromium's own EventSource. Prints each
// event as a line of JSON and exits once it has seen `last`. None of them is helped: all come back
// by themselves, with the id that they have seen last.
//
//   node resume_story.mjs eventsource|fetch-event-source|chromium NODE_MODULES URL
import {createServer} from 'node:http';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';

const names = ['sluice.open', 'sluice.gap', 'sluice.end', 'message', 'last'];
const [kind, packageFolder, url] = process.argv.slice(2);
const load = (...path) => import(pathToFileURL(join(packageFolder, ...path)).href);

let finish;
const finished = new Promise((resolve) => (finish = resolve));
const print = (event, data, id) => {
  console.log(JSON.stringify({event, data, id}));
  if (event === 'last') finish();
};

// For a source with the interface of EventSource.
const listen = (source, heard) => {
  for (const name of names) {
    source.addEventListener(name, (event) => heard(name, event.data, event.lastEventId));
  }
};

const stories = {
  async 'eventsource'() {
    const {EventSource} = await load('eventsource', 'dist', 'index.js');
    const source = new EventSource(url);
    listen(source, print);
    await finished;
    source.close();
  },

  async 'fetch-event-source'() {
    globalThis.window = globalThis;  // It is made for browsers.
    const {default: {fetchEventSource}} =
        await load('@microsoft', 'fetch-event-source', 'lib', 'cjs', 'index.js');
    const controller = new AbortController();
    fetchEventSource(url, {
      openWhenHidden: true,
      signal: controller.signal,
      onmessage: ({event, data, id}) => {
        if (event !== '' || data !== '') print(event || 'message', data, id);
      },
      // Its way of saying that a stream that ended is to be opened again.
      onclose: () => { throw new Error('ended'); },
      onerror: () => undefined,
    });
    await finished;
    controller.abort();
  },

  async 'chromium'() {
    const {default: playwright} = await load('playwright-core', 'index.js');
    // A page of another origin, as pages are.
    const site = createServer((request, response) => {
      response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A page</title>');
    });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
    const browser = await playwright.chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--no-proxy-server'],
    });
    const page = await browser.newPage();
    await page.exposeFunction('heard', print);
    await page.goto(`http://127.0.0.1:${site.address().port}/`);
    await page.evaluate(([url, names]) => {
      const source = new EventSource(url);
      for (const name of names) {
        source.addEventListener(name, (event) => heard(name, event.data, event.lastEventId));
      }
    }, [url, names]);
    await finished;
    await browser.close();
    site.close();
  },
};

setTimeout(() => {
  console.error('the event `last` never came');
  process.exit(1);
}, 60_000).unref();
await stories[kind]();
process.exit(0);
