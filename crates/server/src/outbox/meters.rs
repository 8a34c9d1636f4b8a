//! What `/metrics` shows of messages, by kind.

use aforo_domain::messages::Kind;
use metrics::{Counter, Gauge};

/// The meters of all kinds.
#[derive(Debug)]
pub struct Meters(Vec<(Kind, OfKind)>);

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

impl Meters {
    /// With the recorder in force.
    pub fn register() -> Self {
        use metrics::{counter, describe_counter, describe_gauge, gauge};
        describe_gauge!("aforo_outbox_waiting", "Messages to be delivered, counted up to 10 000 an operator");
        describe_gauge!("aforo_outbox_oldest_seconds", "How long ago the first of them was due");
        describe_counter!("aforo_outbox_delivered_total", "Messages delivered");
        describe_counter!("aforo_outbox_failed_total", "Attempts that the receiver refused");
        describe_counter!("aforo_outbox_unreached_total", "Attempts that did not reach the receiver");
        let of = |kind: Kind| OfKind {
            waiting: gauge!("aforo_outbox_waiting", "kind" => kind.as_str()),
            oldest: gauge!("aforo_outbox_oldest_seconds", "kind" => kind.as_str()),
            delivered: counter!("aforo_outbox_delivered_total", "kind" => kind.as_str()),
            failed: counter!("aforo_outbox_failed_total", "kind" => kind.as_str()),
            away: counter!("aforo_outbox_unreached_total", "kind" => kind.as_str()),
        };
        Self(Kind::ALL.into_iter().map(|kind| (kind, of(kind))).collect())
    }

    /// Those of a kind.
    pub fn of(&self, kind: Kind) -> Option<&OfKind> {
        self.0.iter().find(|(of, _)| *of == kind).map(|(_, meters)| meters)
    }
}
