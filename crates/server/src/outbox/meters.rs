//! What `/metrics` shows of messages, by kind.

use aforo_domain::messages::Kind;
use metrics::{Counter, Gauge};

/// The meters of all kinds, by their names: webhooks have one for all.
#[derive(Debug)]
pub struct Meters(Vec<(&'static str, OfKind)>);

/// The meters of one kind.
#[derive(Debug)]
pub struct OfKind {
    /// Messages that wait.
    pub waiting: Gauge,
    /// For how long the longest due has been.
    pub oldest: Gauge,
    /// Messages that were delivered.
    pub delivered: Counter,
    /// Messages that were refused.
    pub failed: Counter,
    /// Attempts that did not reach the receiver.
    pub away: Counter,
}

/// The names of all kinds.
const KINDS: &[&str] = &["LOYALTY", "MAIL", "WEBHOOK"];

impl Meters {
    /// With the recorder in force.
    pub fn register() -> Self {
        use metrics::{counter, describe_counter, describe_gauge, gauge};
        describe_gauge!("aforo_outbox_waiting", "Messages to be delivered, counted up to 10 000 an operator");
        describe_gauge!("aforo_outbox_oldest_seconds", "How long ago the first of them was due");
        describe_counter!("aforo_outbox_delivered_total", "Messages delivered");
        describe_counter!("aforo_outbox_failed_total", "Attempts that the receiver refused");
        describe_counter!("aforo_outbox_unreached_total", "Attempts that did not reach the receiver");
        let of = |kind: &'static str| OfKind {
            waiting: gauge!("aforo_outbox_waiting", "kind" => kind),
            oldest: gauge!("aforo_outbox_oldest_seconds", "kind" => kind),
            delivered: counter!("aforo_outbox_delivered_total", "kind" => kind),
            failed: counter!("aforo_outbox_failed_total", "kind" => kind),
            away: counter!("aforo_outbox_unreached_total", "kind" => kind),
        };
        Self(KINDS.iter().map(|kind| (*kind, of(kind))).collect())
    }

    /// Those of a kind.
    pub fn of(&self, kind: Kind) -> Option<&OfKind> {
        self.called(kind.as_str())
    }

    /// Those of the kinds with a name.
    pub fn called(&self, name: &str) -> Option<&OfKind> {
        self.0.iter().find(|(of, _)| *of == name).map(|(_, meters)| meters)
    }
}
