//! Resale in a simulated history: channels offer tickets for their buyers, take offers back, and others buy them, now and then at a price that is not theirs.

use std::sync::Arc;

use aforo_domain::identity::Surcharge;
use aforo_domain::ids::{ChannelId, ListingId, OrderId, RateId};
use aforo_domain::moment::Draw;
use aforo_domain::money::{Currency, Decimal, Minor, Percent};
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::refunds::RefundRequest;
use aforo_domain::orders::resale::{ResaleCommand, ResaleRequest};
use aforo_domain::orders::{Item, Order, Stage, TicketKind, TicketState};
use aforo_domain::resale::{ChannelResale, EventResale, Listing, ListingState};

use super::clients::below;
use super::ledger::Ledger;

/// From half of what was paid to a fifth more, a tenth of it the house's.
pub fn of_the_event() -> EventResale {
    let [floor, cap, commission] = [500_000, 1_200_000, 100_000].map(Percent);
    EventResale { enabled: true, floor, cap, commission, surcharges: vec![Surcharge::PerTicket(77)] }
}

/// It does, and adds something.
pub fn of_a_channel() -> ChannelResale {
    ChannelResale { enabled: true, surcharges: vec![Surcharge::PerTicket(55)] }
}

/// One or two tickets of an order, mostly for a price that may be asked.
pub fn offer(order: &Order, draw: &mut Draw) -> ResaleCommand {
    let first = below(draw, order.items.len());
    let items = order.items.iter().skip(first).take(1 + below(draw, 2));
    let items = items.filter_map(|item| {
        let price = item.price.reduced() * [100, 80, 120, 300][below(draw, 4)] / 100;
        Some((item.id, decimal(order.currency, price)?))
    });
    ResaleCommand::Offer(order.id, items.collect())
}

/// Whether something is offered that nobody is about to buy.
pub fn is_any_open(ledger: &Ledger) -> bool {
    ledger.listings().iter().any(|listing| listing.state == ListingState::Open)
}

/// One or two offers: mostly such as are open, mostly at their price.
pub fn some(ledger: &Ledger, draw: &mut Draw) -> Vec<ResaleRequest> {
    let among_all = below(draw, 6) == 0;
    let listings: Vec<_> = ledger.listings().into_iter().filter(|listing| among_all || listing.state == ListingState::Open).collect();
    if listings.is_empty() {
        return vec![ResaleRequest { listing: ListingId(1), rate: RateId(1), price: Decimal::default() }];
    }
    let (first, count) = (below(draw, listings.len()), 1 + below(draw, 2));
    let request = |listing: &&Arc<Listing>| {
        let price = listing.price + i64::from(below(draw, 12) == 0);
        Some(ResaleRequest { listing: listing.id, rate: listing.rate, price: decimal(listing.currency, price)? })
    };
    listings[first..].iter().take(count).filter_map(request).collect()
}

/// One of the newest offers.
pub fn withdraw(ledger: &Ledger, draw: &mut Draw) -> ResaleCommand {
    let listings = ledger.listings();
    let last = listings.len().checked_sub(1 + below(draw, listings.len().min(6)));
    ResaleCommand::Withdraw(last.map_or(ListingId(1), |last| listings[last].id))
}

/// Now and then a ticket comes back that was bought of another buyer, or what was paid first for one that was sold on.
pub fn give_back(ledger: &Ledger, draw: &mut Draw) -> Option<(ChannelId, OrderId, AfterSaleCommand)> {
    let wants = |order: &Order, item: &Item| match order.ticket_state(item.id) {
        TicketState::Valid => item.kind == TicketKind::Resale,
        TicketState::Reissued => true,
        _ => false,
    };
    if below(draw, 12) > 0 {
        return None;
    }
    let sold = ledger.orders().filter(|order| matches!(order.stage, Stage::Confirm { .. }));
    let some = sold.flat_map(|order| order.items.iter().filter(move |item| wants(order, item)).map(move |item| (order, item.id)));
    let some: Vec<_> = some.collect();
    let (order, item) = some.get(below(draw, some.len()))?;
    let [surcharges, delivery, insurance, block_places] = [true, false, false, false];
    let request = RefundRequest { items: vec![*item], surcharges, delivery, insurance, block_places, payments: Vec::new() };
    Some((order.seller.channel, order.id, AfterSaleCommand::Refund(request)))
}

fn decimal(currency: Currency, amount: Minor) -> Option<Decimal> {
    Decimal::parse(&currency.show_amount(amount))
}
