// An event stream read by the npm package `eventsource`, which nobody here wrote. Prints each event
// as a line of JSON and exits once it has seen `last`.
//
//   node eventsource_package.mjs PACKAGE_FOLDER URL
import {pathToFileURL} from 'node:url';
import {join} from 'node:path';

const [packageFolder, url] = process.argv.slice(2);
const module = join(packageFolder, 'eventsource', 'dist', 'index.js');
const {EventSource} = await import(pathToFileURL(module).href);

const source = new EventSource(url);
const print = (event) =>
  console.log(JSON.stringify({event: event.type, data: event.data, id: event.lastEventId}));

for (const name of ['sluice.open', 'sluice.gap', 'sluice.end', 'message', 'news']) {
  source.addEventListener(name, print);
}
source.addEventListener('last', (event) => {
  print(event);
  source.close();
  process.exit(0);
});
source.onerror = (error) => console.log(JSON.stringify({event: 'error', data: error.message ?? ''}));
setTimeout(() => {
  console.error('the event `last` never came');
  process.exit(1);
}, 30_000);
