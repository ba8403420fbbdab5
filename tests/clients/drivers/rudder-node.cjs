// @rudderstack/rudder-sdk-node, as a shop's server uses it. Reads a job (see driver.py) from standard input, says what became of it.
const RudderAnalytics = require('@rudderstack/rudder-sdk-node');
const { run, sleep } = require('./job.cjs');

run(async (job, report) => {
  const analytics = new RudderAnalytics(job.key, {
    dataPlaneUrl: job.url,
    flushAt: 5,
    flushInterval: 100,
    logLevel: 'silent',
    errorHandler: () => {}, // without one, a refused batch ends the process: an unhandled rejection
    ...job.options,
  });
  const who = { anonymousId: job.visitor.anonymous_id };
  for (const call of job.calls) {
    const { call: method, ...message } = call;
    analytics[method]({ ...who, ...message }, (error) => {
      if (error) {
        report.failed += 1;
        report.errors.push(String(error.response?.status ?? error.code ?? error.message));
      } else {
        report.delivered += 1;
      }
    });
    await sleep(job.pause_ms);
  }
  while (report.delivered + report.failed < job.calls.length) {
    await analytics.flush();
    await sleep(50);
  }
});
