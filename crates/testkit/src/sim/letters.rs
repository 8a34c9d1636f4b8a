//! Law 8 of letters about what becomes of sold places: a move of their session, their cancellation and their refund are told in the batch that has them,
//! once, where the channel sends letters, and their transfer wherever it is; and no letter says so without it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::ids::{MessageId, OrderId};
use aforo_domain::messages::{About, CalledOff, Content, Letter};
use aforo_domain::orders::{HistoryEvent, Order, Stage};

/// What is told of an order, and how often: of moves, of cancelled tickets, of the refund that it is, of tickets given to somebody else.
type Told = BTreeMap<(OrderId, &'static str), usize>;

/// Holds a batch to it.
///
/// # Errors
/// What was told otherwise than it happened.
pub fn check(rows: &BTreeMap<Key, Row>, batch: &[Change], is_new: impl Fn(&MessageId) -> bool) -> Result<(), String> {
    let happened = happened(rows, batch);
    let told = told(batch, is_new, &happened);
    if happened == told { Ok(()) } else { Err(format!("law 8: {happened:?} happened, and {told:?} was told")) }
}

fn happened(rows: &BTreeMap<Key, Row>, batch: &[Change]) -> Told {
    let (mut happened, mut images) = (Told::new(), HashMap::<OrderId, Arc<Order>>::new());
    for change in batch {
        if let Change::Put(Row::History(line)) = change
            && matches!(line.what, HistoryEvent::Transferred { .. })
        {
            *happened.entry((line.order, "transfer")).or_default() += 1;
        }
        let Change::Put(Row::Order(order)) = change else { continue };
        let durable = || if let Some(Row::Order(order)) = rows.get(&Key::Order(order.id)) { Some(order.clone()) } else { None };
        let before = images.insert(order.id, order.clone()).or_else(durable);
        if !is_wanted(rows, order) {
            continue;
        }
        let after = |order: &Order| order.extras().after.clone();
        let (was, is) = (before.as_deref().map(after).unwrap_or_default(), after(order));
        let moves = is.postponed.iter().filter(|one| !was.postponed.contains(one)).count();
        let cancelled = usize::from(is.cancelled.len() > was.cancelled.len());
        let refund = usize::from(before.is_none() && matches!(order.stage, Stage::Refund { .. }));
        for (what, times) in [("moved", moves), ("cancelled", cancelled), ("refund", refund)] {
            if times > 0 {
                *happened.entry((order.id, what)).or_default() += times;
            }
        }
    }
    happened
}

fn is_wanted(rows: &BTreeMap<Key, Row>, order: &Order) -> bool {
    let channel = rows.get(&Key::Channel(order.seller.channel));
    order.buyer.is_some() && matches!(channel, Some(Row::Channel(channel)) if channel.mail)
}

fn told(batch: &[Change], is_new: impl Fn(&MessageId) -> bool, happened: &Told) -> Told {
    let mut told = Told::new();
    for change in batch {
        let Change::Put(Row::Message(message)) = change else { continue };
        let (About::Order(about), Content::Mail(mail)) = (message.about, &message.content) else { continue };
        let refund_of = |code| {
            let coded = |change: &Change| match change {
                Change::Put(Row::Order(order)) if order.code() == Some(code) => Some(order.id),
                _ => None,
            };
            batch.iter().find_map(coded).unwrap_or(about)
        };
        let what = match &mail.letter {
            _ if !is_new(&message.id) => continue,
            Letter::Postponed(..) => (about, "moved"),
            Letter::Transferred(_) => (about, "transfer"),
            Letter::CalledOff(_, CalledOff::Cancelled) => (about, "cancelled"),
            Letter::CalledOff(_, CalledOff::Refunded(sale)) => (refund_of(sale.code), "refund"),
            // Else it is sent again by hand.
            Letter::Refunded(..) if happened.contains_key(&(about, "refund")) => (about, "refund"),
            // A booking that is let go leaves no row behind to compare with.
            Letter::CalledOff(_, CalledOff::Released) | Letter::Refunded(..) | Letter::Sold(_) | Letter::Gift(_) => continue,
        };
        *told.entry(what).or_default() += 1;
    }
    told
}
