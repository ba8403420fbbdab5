// What every driver shares: read the job, make its calls within its time, print one line of JSON. No client belongs here.
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function run(work) {
  const job = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  const report = { delivered: 0, failed: 0, errors: [] };
  const finish = (code) => process.stdout.write(JSON.stringify(report) + '\n', () => process.exit(code));
  setTimeout(() => finish(3), job.seconds * 1000);
  await work(job, report);
  finish(0);
}

module.exports = { run, sleep };
