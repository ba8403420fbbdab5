// @snowplow/node-tracker, as a shop's server uses it. Reads a job (see driver.py) from standard input, says what became of it.
const { newTracker, buildPageView, buildSelfDescribingEvent } = require('@snowplow/node-tracker');
const { run, sleep } = require('./job.cjs');

run(async (job, report) => {
  const { hostname, port } = new URL(job.url);
  const tracker = newTracker(
    { namespace: 'shop', appId: job.key, encodeBase64: job.options.encodeBase64 ?? true },
    {
      endpoint: hostname,
      protocol: 'http',
      port: Number(port),
      postPath: `/${job.key}/tp2`,
      bufferSize: 5,
      onRequestSuccess: (events) => report.delivered += events.length,
      onRequestFailure: (failure) => {
        if (!failure.willRetry) report.failed += failure.events.length;
        report.errors.push(String(failure.status ?? failure.message));
      },
      ...job.options.emitter,
    },
  );
  tracker.setDomainUserId(job.visitor.anonymous_id);
  tracker.setSessionId(job.visitor.session_id);
  for (const call of job.calls) {
    if (call.call === 'page') {
      tracker.track(buildPageView({ pageUrl: call.url, pageTitle: call.title, referrer: call.referrer }));
    } else {
      tracker.track(buildSelfDescribingEvent({ event: { schema: call.schema, data: call.data } }), call.entities);
    }
    await sleep(job.pause_ms);
  }
  // The emitter tries again only when it is asked to: a server flushes on a timer.
  while (report.delivered + report.failed < job.calls.length) {
    await tracker.flush();
    await sleep(100);
  }
});
