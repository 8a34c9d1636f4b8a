//! What `/metrics` shows of HTTP: requests by class of status, and how long they took. Counters are looked up once, not per request.

use aforo_domain::moment::Timestamp;
use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Upper bounds of the histogram of durations, in seconds.
const BUCKETS: &[f64] = &[0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The counters of one server. Other parts register theirs with [`Metrics::recorder`].
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    by_class: [Counter; 6],
    seconds: Histogram,
    /// Those who watch a session now.
    pub watching: Gauge,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let builder = PrometheusBuilder::new().set_buckets(BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let (by_class, seconds, watching) = metrics::with_local_recorder(&recorder, || {
            metrics::describe_counter!("aforo_http_requests_total", "Requests answered, by class of status");
            metrics::describe_histogram!("aforo_http_request_seconds", "Time from the head of a request to that of its answer");
            let by_class = std::array::from_fn(|class| metrics::counter!("aforo_http_requests_total", "status" => format!("{class}xx")));
            metrics::describe_gauge!("aforo_http_watching", "Readers of server-sent events");
            (by_class, metrics::histogram!("aforo_http_request_seconds"), metrics::gauge!("aforo_http_watching"))
        });
        Self { handle: recorder.handle(), recorder, by_class, seconds, watching }
    }

    /// Where other parts register their counters (`metrics::with_local_recorder`).
    pub const fn recorder(&self) -> &PrometheusRecorder {
        &self.recorder
    }

    /// Counts one answer.
    pub fn answered(&self, status: u16, began: Timestamp, ended: Timestamp) {
        if let Some(counter) = self.by_class.get(usize::from(status / 100)) {
            counter.increment(1);
        }
        self.seconds.record((ended.0 - began.0).max(0) as f64 / 1e6);
    }

    /// The text that Prometheus reads.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Folds what was recorded since the last call, so that it does not pile up where nobody reads.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
