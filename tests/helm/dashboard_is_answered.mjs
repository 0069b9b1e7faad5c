// Every panel of the dashboard is answered by a real Prometheus that scrapes a running server.
// Arguments: sluice, sluicectl.
import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {setTimeout as pause} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

const [server, sluicectl] = process.argv.slice(2);
const dashboardFile =
  join(dirname(fileURLToPath(import.meta.url)), '../../helm/sluice/files/dashboard.json');
try {
  execFileSync('prometheus', ['--version'], {stdio: 'ignore'});
} catch {
  console.log('SKIPPED: there is no prometheus here');
  process.exit(77);
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-dashboard-'));
const children = [];
const start = (program, args) => {
  const child = spawn(program, args, {stdio: 'ignore'});
  children.push(child);
  return child;
};
const end = (status, text) => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, {recursive: true, force: true});
  console.log(text);
  process.exit(status);
};
const freePort = () => new Promise((resolve) => {
  const listener = createServer().listen(0, '127.0.0.1', () => {
    const {port} = listener.address();
    listener.close(() => resolve(port));
  });
});
// Asks again and again until it is answered with something.
const eventually = async (what, ask) => {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await pause(200)) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined && answer !== false) return answer;
  }
  return end(1, `FAILED: ${what}`);
};

const [http, grpc, admin, prometheus] =
  await Promise.all([freePort(), freePort(), freePort(), freePort()]);
start(server, ['--http', `127.0.0.1:${http}`, '--grpc', `127.0.0.1:${grpc}`,
               '--admin', `127.0.0.1:${admin}`, '--max-per-client=1',
               '--per-client-overflow=refuse']);
writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify({
  global: {scrape_interval: '1s'},
  scrape_configs: [{
    job_name: 'sluice',
    static_configs: [{targets: [`127.0.0.1:${admin}`],
                      labels: {namespace: 'shop', pod: 'sluice-1'}}],
  }],
}));
start('prometheus', [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`,
                     `--web.listen-address=127.0.0.1:${prometheus}`]);
await eventually('the server is not ready', async () =>
  (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok);

// A little of everything: streams, events, calls that fail, streams that are refused.
const stream = await fetch(`http://127.0.0.1:${http}/events?client_id=ada`);
(async () => { for await (const part of stream.body) void part; })().catch(() => {});
const call = (...args) => {
  try {
    execFileSync(sluicectl, ['--server', `127.0.0.1:${grpc}`, ...args], {stdio: 'ignore'});
  } catch { /* Some are meant to fail. */ }
};
const traffic = async () => {
  call('broadcast', '--data', 'x');
  call('send', 'client', 'no spaces', '--data', 'x');
  await fetch(`http://127.0.0.1:${http}/events?client_id=ada`, {signal: AbortSignal.timeout(200)})
    .catch(() => {});
  return true;
};

const {panels} = JSON.parse(readFileSync(dashboardFile));
let asked = 0;
for (const panel of panels) {
  for (const {expr} of panel.targets ?? []) {
    const query = expr.replaceAll('$__rate_interval', '30s').replaceAll('$namespace', 'shop')
      .replaceAll('$job', 'sluice');
    await eventually(`"${panel.title}" shows nothing: ${query}`, async () => {
      await traffic();
      const url = `http://127.0.0.1:${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`;
      const answer = await (await fetch(url)).json();
      // A histogram without calls answers NaN.
      return answer.status === 'success' && answer.data.result.some(
        ({value}) => !Number.isNaN(Number(value[1])));
    });
    ++asked;
  }
}
end(asked > 0 ? 0 : 1, `${asked} queries were answered`);
