//! One client of a run: a buyer who makes whole orders, or a reader who looks at the same page again and again. Each has one connection and
//! one request under way.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::HeaderValue;

use super::args::Scenario;
use super::chance::Chance;
use super::connection::{Line, Outgoing};
use super::prepared;
use super::run::Shared;
use super::stats::Kind;
use super::supply::Pick;
use crate::clock;

/// Bytes of an order that are kept; the sums stand at its end.
const ORDER_BYTES: usize = 256 << 10;

/// After this many taken seats in a row a buyer goes away.
const MOST_PICKS: u32 = 50;

/// How long a client waits after an error, so that a failing server is not hammered.
const PAUSE: Duration = Duration::from_millis(50);

/// Why an order came to nothing.
enum Abandoned {
    /// A request failed; it is counted.
    Failed,
    /// Too many conflicts in a row.
    Conflicts,
    /// Nothing is left to buy.
    SoldOut,
}

/// One client.
pub struct Client {
    shared: Rc<Shared>,
    line: Line,
    chance: Chance,
}

impl Client {
    /// Client `number` of the run, with its connection.
    pub fn new(shared: Rc<Shared>, line: Line, number: u64) -> Self {
        Self { shared, line, chance: Chance::new(number) }
    }

    /// Works until the run is over.
    pub async fn work(mut self) {
        let shared = self.shared.clone();
        while let Some(due) = shared.schedule.next().await {
            let number = shared.next_number();
            let done = match shared.scenario {
                Scenario::Sale => self.order(number, due).await,
                Scenario::Availability => self.read(Kind::Availability, due).await,
                Scenario::Seats => self.read(Kind::SeatMap, due).await,
                Scenario::Gates => self.show_ticket(due).await,
            };
            match done {
                Ok(()) => {}
                Err(Abandoned::Failed) => tokio::time::sleep(PAUSE).await,
                Err(Abandoned::Conflicts) => shared.stats.borrow_mut().given_up += 1,
                Err(Abandoned::SoldOut) => shared.sold_out(),
            }
        }
    }

    /// Reads the hot session's availability or seat map once.
    async fn read(&mut self, kind: Kind, due: Instant) -> Result<(), Abandoned> {
        let session = self.shared.supply.borrow().session().ok_or(Abandoned::SoldOut)?;
        let request = match kind {
            Kind::SeatMap => self.shared.prepared.seat_map(session),
            _ => self.shared.prepared.availability(session),
        };
        self.ask(kind, request, due, 0).await.map(drop)
    }

    /// Shows the next ticket at a gate.
    async fn show_ticket(&mut self, due: Instant) -> Result<(), Abandoned> {
        let shared = self.shared.clone();
        let tickets = shared.tickets.as_ref().ok_or(Abandoned::SoldOut)?;
        let (barcode, gate) = tickets.next();
        self.ask(Kind::Validation, shared.prepared.validation(tickets.session, barcode, gate), due, 0).await.map(drop)
    }

    /// Makes one order, from nothing to its tickets.
    async fn order(&mut self, number: u64, due: Instant) -> Result<(), Abandoned> {
        let shared = self.shared.clone();
        let requests = &shared.prepared;
        let session = shared.supply.borrow().session().ok_or(Abandoned::SoldOut)?;
        let created = self.ask(Kind::Create, requests.create(number), due, ORDER_BYTES).await?;
        let order = prepared::order_id(&created).ok_or_else(|| self.unexpected(Kind::Create, "id", &created))?;
        self.ask(Kind::Availability, requests.availability(session), clock::now(), 0).await?;
        let pick = match self.take_seats(&order).await {
            Err(Abandoned::Conflicts) => {
                self.ask(Kind::Release, requests.release(&order), clock::now(), 0).await?;
                return Err(Abandoned::Conflicts);
            }
            taken => taken?,
        };
        let voucher = self.add_extras(&order).await?;
        self.ask(Kind::BuyerData, requests.buyer_data(&order, number), clock::now(), 0).await?;
        let accepted = self.ask(Kind::PreConfirm, requests.pre_confirm(&order), clock::now(), ORDER_BYTES).await?;
        if !shared.may_confirm() {
            self.ask(Kind::Release, requests.release(&order), clock::now(), 0).await?;
            shared.supply.borrow_mut().give_back(pick);
            shared.extras.iter().zip(voucher).for_each(|(extras, voucher)| extras.give_back(voucher));
            shared.stats.borrow_mut().released += 1;
            return Ok(());
        }
        let amount = prepared::to_pay(&accepted).ok_or_else(|| self.unexpected(Kind::PreConfirm, "to_pay", &accepted))?;
        self.ask(Kind::Confirm, requests.confirm(&order, number, amount), clock::now(), 0).await?;
        shared.confirmed(clock::micros_since(due));
        Ok(())
    }

    /// Picks seats until some are free.
    async fn take_seats(&mut self, order: &HeaderValue) -> Result<Pick, Abandoned> {
        let shared = self.shared.clone();
        for _ in 0..MOST_PICKS {
            let hot = self.chance.happens(shared.contention);
            let pick = shared.supply.borrow_mut().pick(hot, &mut self.chance).ok_or(Abandoned::SoldOut)?;
            let sent = clock::now();
            let reply = match self.line.ask(shared.prepared.seats(order, &pick), 0).await {
                Ok(reply) => reply,
                Err(why) => return Err(self.broken(Kind::Seats, &why)),
            };
            if prepared::is_conflict(reply.status, &reply.body) {
                shared.answered(Kind::Seats, clock::micros_since(sent));
                shared.stats.borrow_mut().conflicts += 1;
                shared.supply.borrow_mut().refused(&pick);
                continue;
            }
            self.accept(Kind::Seats, reply.status, &reply.body, sent)?;
            return Ok(pick);
        }
        Err(Abandoned::Conflicts)
    }

    /// Adds all that an order with extras carries, if that is what is measured; the voucher that pays for it.
    async fn add_extras(&mut self, order: &HeaderValue) -> Result<Option<String>, Abandoned> {
        let shared = self.shared.clone();
        let Some(extras) = &shared.extras else { return Ok(None) };
        let requests = &shared.prepared;
        self.ask(Kind::Promotion, requests.promotion(order, extras), clock::now(), 0).await?;
        self.ask(Kind::Insurance, requests.insurance(order, extras), clock::now(), 0).await?;
        self.ask(Kind::Delivery, requests.delivery(order, extras), clock::now(), 0).await?;
        let voucher = extras.voucher();
        if let Some(code) = &voucher {
            self.ask(Kind::Voucher, requests.voucher(order, code), clock::now(), 0).await?;
        }
        Ok(voucher)
    }

    /// Sends one request; its latency counts from `from`.
    async fn ask(&mut self, kind: Kind, request: Outgoing, from: Instant, keep: usize) -> Result<Bytes, Abandoned> {
        match self.line.ask(request, keep).await {
            Ok(reply) => self.accept(kind, reply.status, &reply.body, from).map(|()| reply.body),
            Err(why) => Err(self.broken(kind, &why)),
        }
    }

    fn accept(&self, kind: Kind, status: u16, body: &[u8], from: Instant) -> Result<(), Abandoned> {
        if (200..300).contains(&status) {
            self.shared.answered(kind, clock::micros_since(from));
            return Ok(());
        }
        let error: crate::client::wire::ErrorBody = serde_json::from_slice(body).unwrap_or_default();
        let code = if error.code.is_empty() { format!("HTTP {status}") } else { error.code };
        self.shared.failed(&code, || format!("{}: {status} {}", kind.name(), beginning(body)));
        Err(Abandoned::Failed)
    }

    fn broken(&self, kind: Kind, why: &str) -> Abandoned {
        self.shared.failed("CONNECTION", || format!("{}: {why}", kind.name()));
        Abandoned::Failed
    }

    fn unexpected(&self, kind: Kind, field: &str, body: &[u8]) -> Abandoned {
        self.shared.failed("UNEXPECTED_ANSWER", || format!("{}: no {field} in {}", kind.name(), beginning(body)));
        Abandoned::Failed
    }
}

/// The first part of a body, for people.
fn beginning(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned()
}
