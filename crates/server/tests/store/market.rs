//! What marketplaces left in the one order that is sold: how tickets can stand, and every line of a book about it.

use std::sync::Arc;

use aforo_domain::change::Row;
use aforo_domain::ids::*;
use aforo_domain::orders::market::{Mark, MarketState, SecondHand, Standing, Successor};
use aforo_domain::orders::{History, HistoryEvent, Seller, Ticket, TicketKind, TicketState};

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
    ];
    (11..).zip(states).map(|(item, state)| Standing { item: ItemId(item), state }).collect()
}

/// That the order's item took the place of another ticket.
pub fn second_hand() -> SecondHand {
    SecondHand { item: ItemId(5), ticket: ItemId(4), order: REFUND, code: REFUND_CODE, by: BY }
}

/// The ticket of the order's item.
pub fn ticket(session: SessionId) -> Ticket {
    let (kind, state) = (TicketKind::Sale, TicketState::Valid);
    let sale = Some(aforo_domain::orders::Sale { channel: ChannelId(21), promoter: EntityId(11), at: NOW });
    let (rate, attendee) = (Some(RateId(81)), Some("Ana García".into()));
    let (order, code, barcode, changed) = (CONFIRMED, CODE, barcode(USED), NOW);
    Ticket { id: ItemId(5), order, code, session, place: 0, kind, barcode, state, sale, changed, rate, attendee }
}

/// Lines of a book.
pub fn rows(by: &Seller) -> Vec<Row> {
    let items = vec![ItemId(5)];
    let marks = [Mark::Register, Mark::Unregister, Mark::Block, Mark::Unblock];
    let marked = marks.map(|mark| HistoryEvent::Marked { mark, items: items.clone() });
    let reissued = HistoryEvent::Reissued { order: REFUND_CODE, items: items.clone() };
    let line = |(number, what)| Row::from(Arc::new(History { order: CONFIRMED, number, at: NOW, by: by.clone(), what }));
    (20..).zip(marked.into_iter().chain([reissued])).map(line).collect()
}
