//! What goes along with the letter about a sale, or to who was given tickets: those tickets, as the document that the order has. Read and drawn when the letter
//! is delivered, and kept nowhere; so what was given back or away meanwhile does not come, and what was printed anew comes as it is now.

use std::sync::Arc;

use aforo_domain::identity::terms::DeliveryKind;
use aforo_domain::ids::{OrderCode, ShardId};
use aforo_domain::messages::{Letter, Mail};
use aforo_domain::orders::transfer::MAX_TRANSFERRED;
use aforo_domain::orders::{Order, Ticket};
use tokio::sync::Semaphore;

use super::super::targets::Undelivered;
use crate::engine::Handle;
use crate::engine::view::ShardView;
use crate::http::time::Zones;
use crate::tickets::face::{Face, Sources};
use crate::tickets::{Broken, pdf, valid};

/// Tickets that go along with one letter at most: mailboxes refuse what is too large.
const MOST: usize = MAX_TRANSFERRED;
/// Orders that are read and drawn at a time, so that letters leave the readers and the cores to others.
const AT_ONCE: usize = 2;

/// What goes along with a letter.
#[derive(Debug)]
pub enum Enclosed {
    /// Nothing.
    Nothing,
    /// A document with the tickets.
    Tickets(Vec<u8>),
    /// Nothing, since there are too many tickets.
    TooMany,
}

/// Makes what goes along.
#[derive(Debug)]
pub struct Encloser {
    engine: Handle,
    turns: Arc<Semaphore>,
}

impl Encloser {
    /// Reads where the engine writes.
    pub fn new(engine: Handle) -> Self {
        Self { engine, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The tickets of a letter, where its channel sends them: about a sale those that are the buyer's still, and to who was given some these. A buyer's do not go
    /// along who gets them by post or at the counter. A document that cannot be drawn, a mistake of this program, does not keep the letter back.
    ///
    /// # Errors
    /// [`Undelivered::Away`] if the tables cannot be read now.
    pub async fn enclose(&self, shard: ShardId, mail: &Mail, view: &ShardView, zones: &Zones) -> Result<Enclosed, Undelivered> {
        let Some((code, line)) = brings(&mail.letter) else { return Ok(Enclosed::Nothing) };
        if !view.identity.channels.get(&mail.channel).is_some_and(|channel| channel.mail_tickets) {
            return Ok(Enclosed::Nothing);
        }
        let away = |why: String| Undelivered::Away(format!("the tickets cannot be read: {why}"));
        let turn = self.turns.clone().acquire_owned().await.map_err(|closed| away(closed.to_string()))?;
        // The letter was read from these tables, and came into them with the order.
        let read = self.engine.read_behind(move |reader| {
            let Some(order) = reader.order(shard, code)? else { return Ok(None) };
            let items: Vec<_> = order.items.iter().map(|item| item.id).collect();
            let tickets = reader.tickets_of(shard, &items)?;
            // Once more, so that it is never older than they are: else a letter could bring a ticket that became somebody else's in between.
            Ok(reader.order(shard, code)?.map(|order| (order, tickets)))
        });
        let Some((order, tickets)) = read.await.map_err(|error| away(error.to_string()))? else { return Ok(Enclosed::Nothing) };
        let mut tickets = valid(tickets, &order);
        tickets.retain(|ticket| order.transfer_of(ticket.id) == line);
        if tickets.is_empty() || (line.is_none() && !is_sent(&order)) {
            return Ok(Enclosed::Nothing);
        }
        if tickets.len() > MOST {
            return Ok(Enclosed::TooMany);
        }
        let sources = Sources { catalogue: &view.catalogue, identity: &view.identity, zones };
        let faces = faces(&tickets, &order, sources);
        let draw = move || {
            let _turn = turn;
            faces.and_then(|faces| pdf(&faces))
        };
        let drawn = tokio::task::spawn_blocking(draw).await.unwrap_or_else(|panic| Err(Broken::of("a document", panic)));
        Ok(drawn.map_or_else(
            |broken| {
                tracing::error!(shard = shard.0, %code, %broken, "a letter goes without its tickets");
                Enclosed::Nothing
            },
            Enclosed::Tickets,
        ))
    }
}

/// The order whose tickets a letter brings, and the line of its book that they were given away with: none, of the buyer's own.
fn brings(letter: &Letter) -> Option<(OrderCode, Option<u32>)> {
    match letter {
        Letter::Sold(sale) if !sale.items.is_empty() => Some((sale.code, None)),
        Letter::Transferred(transfer) => Some((transfer.code, Some(transfer.line))),
        _ => None,
    }
}

fn faces(tickets: &[Ticket], order: &Order, sources: Sources<'_>) -> Result<Vec<Face>, Broken> {
    let faces: Option<Vec<_>> = tickets.iter().map(|ticket| Face::of(ticket, order, sources)).collect();
    faces.ok_or_else(|| Broken::of("a ticket", "its session is not there"))
}

/// Whether its tickets are files, and not paper that comes by post or waits at the counter.
fn is_sent(order: &Order) -> bool {
    !order.extras().delivery.as_ref().is_some_and(|method| matches!(method.kind, DeliveryKind::PickUp | DeliveryKind::Post))
}
