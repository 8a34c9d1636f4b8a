//! A marketplace in a simulated history: it marks tickets that others have sold, one or several at once, and sells them again, while their buyers give
//! them back or have them printed anew. Nobody waits for its answers; what must be so is the laws' to say.

use std::sync::Arc;

use aforo_domain::command::Command;
use aforo_domain::ids::{ChannelId, ItemId};
use aforo_domain::moment::Draw;
use aforo_domain::orders::market::{Mark, MarketCommand, Named, ReissueRequest, TicketsRequest};
use aforo_domain::orders::{Item, Order, Stage};
use aforo_server::engine::Request;

use super::clients::{below, buyer};
use super::ledger::Ledger;
use super::stage::{MARKET, SHARD, WEB, euro, seller};

/// The next command, as long as something is sold.
pub fn ask(ledger: &Ledger, draw: &mut Draw) -> Option<Request> {
    let sold: Vec<_> = ledger.orders().filter(|order| matches!(order.stage, Stage::Confirm { .. }) && !order.items.is_empty()).collect();
    let order = sold.get(sold.len().checked_sub(1 + below(draw, sold.len().min(8)))?)?;
    let first = below(draw, order.items.len());
    let items: Vec<_> = order.items.iter().skip(first).take(1 + below(draw, 2)).collect();
    let command = match below(draw, 8) {
        0 => MarketCommand::Validate(request(order, &items, draw)),
        1 => MarketCommand::Mark(Mark::Unregister, request(order, &items, draw)),
        2 => MarketCommand::Mark(Mark::Block, request(order, &items, draw)),
        3 => MarketCommand::Mark(Mark::Unblock, request(order, &items, draw)),
        4 | 5 => MarketCommand::Mark(Mark::Register, request(order, &items, draw)),
        _ => MarketCommand::Reissue(Box::new(reissue(order, &items, draw))),
    };
    Some(Request { shard: SHARD, actor: seller(MARKET, 3), command: Command::Market(command), idempotency: None })
}

/// Tickets by their id or by their barcode, which may not be theirs any more; now and then the whole order.
fn request(order: &Order, items: &[&Item], draw: &mut Draw) -> TicketsRequest {
    let tickets = match below(draw, 4) {
        0 => vec![Named { order: order.id, id: None, barcode: None, code: order.code().map(|code| code.to_string()) }],
        _ => items.iter().map(|item| named(order, item, draw)).collect(),
    };
    TicketsRequest { target: None, session: None, tickets }
}

fn named(order: &Order, item: &Item, draw: &mut Draw) -> Named {
    let by_barcode = below(draw, 3) == 0;
    let id: Option<ItemId> = (!by_barcode).then_some(item.id);
    Named { order: order.id, id, barcode: item.barcode.clone().filter(|_| by_barcode), code: None }
}

/// A sale, now and then into the shop's own channel; and now and then for less than its tickets.
fn reissue(order: &Order, items: &[&Item], draw: &mut Draw) -> ReissueRequest {
    let target: Option<ChannelId> = (below(draw, 4) == 0).then_some(WEB);
    let tickets: Vec<_> = items.iter().map(|item| (named(order, item, draw), 1_000 + below(draw, 5_000) as i64)).collect();
    let sum: i64 = tickets.iter().map(|(_, price)| price).sum();
    let total = sum + [0, 0, 350, -1][below(draw, 4)];
    let session = items.first().map_or(order.items[0].session, |item| item.session);
    ReissueRequest { target, session, currency: euro(), total, language: None, buyer: Arc::new(buyer(draw)), tickets }
}
