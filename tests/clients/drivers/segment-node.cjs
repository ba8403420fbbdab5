// @segment/analytics-node, as a shop's server uses it. Reads a job (see driver.py) from standard input, says what became of it.
const { Analytics } = require('@segment/analytics-node');
const { run, sleep } = require('./job.cjs');

run(async (job, report) => {
  const analytics = new Analytics({ writeKey: job.key, host: job.url, flushAt: 5, flushInterval: 100, ...job.options });
  const who = { anonymousId: job.visitor.anonymous_id };
  for (const call of job.calls) {
    const { call: method, ...message } = call;
    analytics[method]({ ...who, ...message }, (error) => {
      if (error) {
        report.failed += 1;
        report.errors.push(String(error.reason ?? error));
      } else {
        report.delivered += 1;
      }
    });
    await sleep(job.pause_ms);
  }
  await analytics.closeAndFlush({ timeout: job.seconds * 1000 });
});
