//! What marketplaces left in the one order that is sold: how tickets can stand, and every line of a book about it.

use std::sync::Arc;

use aforo_domain::change::Row;
use aforo_domain::ids::*;
use aforo_domain::money::Currency;
use aforo_domain::orders::market::{Mark, MarketState, Resold, SecondHand, Standing, Successor};
use aforo_domain::orders::{History, HistoryEvent, Seller, Spot, Ticket, TicketKind, TicketState};
use aforo_domain::resale::{Listing, ListingState};

use crate::refunds::{REFUND, REFUND_CODE};
use crate::rows::{CODE, CONFIRMED, NOW, USED, barcode};

const BY: ChannelId = ChannelId(22);

/// A ticket in each state.
pub fn standings() -> Vec<Standing> {
    let successor = Successor { order: REFUND, code: REFUND_CODE, item: ItemId(15), at: NOW };
    let states = [
        MarketState::Registered { by: BY },
        MarketState::Blocked { by: BY, registered: Some(BY) },
        MarketState::Blocked { by: BY, registered: None },
        MarketState::Reissued(successor),
        MarketState::Listed { listing: ListingId(7) },
    ];
    (11..).zip(states).map(|(item, state)| Standing { item: ItemId(item), state }).collect()
}

/// That the order's item took the place of another ticket.
pub fn second_hand() -> SecondHand {
    SecondHand {
        item: ItemId(5),
        ticket: ItemId(4),
        order: REFUND,
        code: REFUND_CODE,
        by: BY,
        resold: Some(Resold { listing: ListingId(7), payout: 1_800 }),
    }
}

/// The ticket of the order's item.
pub fn ticket(session: SessionId) -> Ticket {
    let (kind, state) = (TicketKind::Sale, TicketState::Valid);
    let sale = Some(aforo_domain::orders::Sale { channel: ChannelId(21), promoter: EntityId(11), at: NOW });
    let (rate, attendee) = (Some(RateId(81)), Some("Ana García".into()));
    let (order, code, barcode, changed) = (CONFIRMED, CODE, barcode(USED), NOW);
    Ticket { id: ItemId(5), order, code, session, place: 0, kind, barcode, state, sale, changed, rate, attendee }
}

/// An offer in each state.
pub fn listings(session: SessionId, event: EventId) -> Vec<Row> {
    let successor = Successor { order: REFUND, code: REFUND_CODE, item: ItemId(15), at: NOW };
    let taken = ListingState::Taken { order: CONFIRMED, item: ItemId(5) };
    let states = [ListingState::Open, taken, ListingState::Sold(successor), ListingState::Withdrawn { at: NOW }];
    let listing = |(id, state)| Listing {
        id: ListingId(id),
        entity: EntityId(11),
        channel: ChannelId(21),
        order: CONFIRMED,
        code: CODE,
        ticket: ItemId(5),
        session,
        event,
        place: 0,
        spot: Spot::Seat(SeatId(1)),
        price_type: PriceTypeId(1),
        rate: RateId(81),
        price: 2_000,
        commission: 200,
        currency: Currency::parse("EUR").expect("a currency"),
        offered: NOW,
        state,
    };
    (7..).zip(states).map(|one| Row::from(Arc::new(listing(one)))).collect()
}

/// Lines of a book.
pub fn rows(by: &Seller) -> Vec<Row> {
    let items = vec![ItemId(5)];
    let marks = [Mark::Register, Mark::Unregister, Mark::Block, Mark::Unblock];
    let marked = marks.map(|mark| HistoryEvent::Marked { mark, items: items.clone() });
    let reissued = HistoryEvent::Reissued { order: REFUND_CODE, items: items.clone() };
    let listed = HistoryEvent::Listed { items: items.clone() };
    let withdrawn = HistoryEvent::Withdrawn { items: items.clone() };
    let line = |(number, what)| Row::from(Arc::new(History { order: CONFIRMED, number, at: NOW, by: by.clone(), what }));
    (20..).zip(marked.into_iter().chain([reissued, listed, withdrawn])).map(line).collect()
}
