//! What a run measured: latencies per kind of request, orders, conflicts and errors. It counts; when a run starts and ends is decided elsewhere.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

/// One minute; a longer latency counts as this.
const LONGEST_MICROS: u64 = 60_000_000;

/// More different errors than this are counted together.
const MOST_ERROR_CODES: usize = 50;

/// The kinds of requests a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `POST /orders`
    Create,
    /// `GET /sessions/{id}/availability`
    Availability,
    /// `POST /orders/seats` or `/orders/seats-auto`
    Seats,
    /// `POST /orders/promotions`
    Promotion,
    /// `POST /orders/insurances`
    Insurance,
    /// `POST /orders/delivery-methods`
    Delivery,
    /// `POST /orders/vouchers`
    Voucher,
    /// `POST /orders/buyer-data`
    BuyerData,
    /// `POST /orders/pre-confirm`
    PreConfirm,
    /// `POST /orders/confirm`
    Confirm,
    /// `DELETE /orders`
    Release,
    /// `GET /sessions/{id}/seats`
    SeatMap,
    /// `POST /sessions/{id}/validations`
    Validation,
}

impl Kind {
    /// All kinds, in the order of a sale.
    pub const ALL: [Kind; 13] = [
        Kind::Create,
        Kind::Availability,
        Kind::Seats,
        Kind::Promotion,
        Kind::Insurance,
        Kind::Delivery,
        Kind::Voucher,
        Kind::BuyerData,
        Kind::PreConfirm,
        Kind::Confirm,
        Kind::Release,
        Kind::SeatMap,
        Kind::Validation,
    ];

    /// The word for it in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Create => "create",
            Kind::Availability => "availability",
            Kind::Seats => "seats",
            Kind::Promotion => "promotion",
            Kind::Insurance => "insurance",
            Kind::Delivery => "delivery",
            Kind::Voucher => "voucher",
            Kind::BuyerData => "buyer-data",
            Kind::PreConfirm => "pre-confirm",
            Kind::Confirm => "confirm",
            Kind::Release => "release",
            Kind::SeatMap => "seat-map",
            Kind::Validation => "validation",
        }
    }
}

/// Latencies in microseconds.
#[derive(Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    /// None yet.
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LONGEST_MICROS, 3).expect("constant bounds are valid"))
    }

    /// Adds one.
    pub fn record(&mut self, micros: u64) {
        self.0.saturating_record(micros.clamp(1, LONGEST_MICROS));
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The latency, in milliseconds, that this share of them stayed at or below; 0 when there are none.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        self.0.value_at_quantile(share) as f64 / 1000.0
    }

    /// Takes in another run's.
    pub fn merge(&mut self, other: &Latencies) {
        self.0.add(&other.0).expect("equal bounds");
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.reset();
    }
}

/// How often an error came, and what it looked like first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSeen {
    /// How often.
    pub count: u64,
    /// The first of them: request, status and body.
    pub example: String,
}

/// Everything one run counted. A request counts when it did what was asked, and when it met a conflict; never when it failed.
#[derive(Clone)]
pub struct Stats {
    by_kind: Vec<Latencies>,
    /// Of all kinds together.
    pub requests: Latencies,
    /// From the moment an order was due or begun until it was confirmed.
    pub orders: Latencies,
    /// Seat picks that found a place already taken.
    pub conflicts: u64,
    /// Orders given up after too many conflicts.
    pub given_up: u64,
    /// Orders deleted on purpose so that the seats last.
    pub released: u64,
    /// What went wrong, by code.
    pub errors: BTreeMap<String, ErrorSeen>,
}

impl Stats {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self {
            by_kind: Kind::ALL.iter().map(|_| Latencies::new()).collect(),
            requests: Latencies::new(),
            orders: Latencies::new(),
            conflicts: 0,
            given_up: 0,
            released: 0,
            errors: BTreeMap::new(),
        }
    }

    /// Counts an answered request.
    pub fn request(&mut self, kind: Kind, micros: u64) {
        self.by_kind[kind as usize].record(micros);
        self.requests.record(micros);
    }

    /// Counts an error under `code`; `example` is only made for the first.
    pub fn error(&mut self, code: &str, example: impl FnOnce() -> String) {
        let code = if self.errors.len() < MOST_ERROR_CODES || self.errors.contains_key(code) { code } else { "OTHER" };
        match self.errors.get_mut(code) {
            Some(seen) => seen.count += 1,
            None => drop(self.errors.insert(code.to_owned(), ErrorSeen { count: 1, example: example() })),
        }
    }

    /// How many errors there were.
    pub fn error_count(&self) -> u64 {
        self.errors.values().map(|seen| seen.count).sum()
    }

    /// The latencies of one kind.
    pub fn of(&self, kind: Kind) -> &Latencies {
        &self.by_kind[kind as usize]
    }

    /// Takes in another run's counts.
    pub fn merge(&mut self, other: &Stats) {
        for (mine, theirs) in self.by_kind.iter_mut().zip(&other.by_kind) {
            mine.merge(theirs);
        }
        self.requests.merge(&other.requests);
        self.orders.merge(&other.orders);
        self.conflicts += other.conflicts;
        self.given_up += other.given_up;
        self.released += other.released;
        for (code, seen) in &other.errors {
            self.errors.entry(code.clone()).and_modify(|mine| mine.count += seen.count).or_insert_with(|| seen.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_knows_its_place_in_the_table() {
        for (place, kind) in Kind::ALL.iter().enumerate() {
            assert_eq!(*kind as usize, place);
        }
    }

    #[test]
    fn percentiles_are_those_of_the_requests_counted() {
        let mut stats = Stats::new();
        for micros in 1..=1000 {
            stats.request(Kind::Confirm, micros * 10);
        }
        let confirms = stats.of(Kind::Confirm);
        assert_eq!(confirms.count(), 1000);
        assert!((confirms.quantile_ms(0.5) - 5.0).abs() < 0.02);
        assert!((confirms.quantile_ms(0.99) - 9.9).abs() < 0.02);
        assert!((confirms.quantile_ms(1.0) - 10.0).abs() < 0.02);
        assert_eq!(stats.of(Kind::Create).count(), 0);
        assert_eq!(stats.requests.count(), 1000);
    }

    #[test]
    fn the_first_example_of_an_error_is_kept_and_the_list_is_bounded() {
        let mut stats = Stats::new();
        stats.error("DIST0000", || "first".to_owned());
        stats.error("DIST0000", || "second".to_owned());
        assert_eq!(stats.errors["DIST0000"], ErrorSeen { count: 2, example: "first".to_owned() });
        for n in 0..200 {
            stats.error(&format!("E{n}"), String::new);
        }
        assert_eq!(stats.errors.len(), MOST_ERROR_CODES + 1);
        assert_eq!(stats.error_count(), 202);
    }

    #[test]
    fn two_rounds_add_up() {
        let (mut one, mut two) = (Stats::new(), Stats::new());
        one.request(Kind::Create, 1000);
        two.request(Kind::Create, 3000);
        two.error("X", || "x".to_owned());
        two.conflicts = 4;
        one.merge(&two);
        assert_eq!(one.of(Kind::Create).count(), 2);
        assert_eq!((one.conflicts, one.error_count()), (4, 1));
        assert!((one.requests.quantile_ms(1.0) - 3.0).abs() < 0.01);
    }
}
