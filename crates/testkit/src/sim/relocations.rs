//! Relocations in a simulated history: one or two items to seats that may be taken, may be each other's, may cost more or less; or to any place.

use aforo_domain::moment::Draw;
use aforo_domain::money::Decimal;
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::relocation::{Goal, Move, RelocationRequest};
use aforo_domain::orders::{Item, Order, PaymentKind, PaymentRequest, Spot};

use super::clients::below;
use super::stage::Show;

/// Some items of an order that go elsewhere.
pub fn some(order: &Order, shows: &[Show], draw: &mut Draw) -> AfterSaleCommand {
    let first = below(draw, order.items.len());
    let items: Vec<_> = order.items.iter().skip(first).take(1 + below(draw, 2)).collect();
    let swap = items.len() == 2 && below(draw, 3) == 0;
    let goal = |index: usize, draw: &mut Draw| if swap { Some(own(items[1 - index])) } else { None }.unwrap_or_else(|| any(shows, draw));
    let moves = (0..items.len()).map(|index| {
        let (show, to) = goal(index, draw);
        Move { item: items[index].id, session: show, to, rate: None }
    });
    let moves = moves.collect();
    // What the difference comes to nobody has worked out: most tries pay nothing, some by chance what it takes.
    let amount = [None, None, None, None, Some("20.01"), Some("34.5")][below(draw, 6)].and_then(Decimal::parse);
    let payments = amount.into_iter().map(|amount| PaymentRequest { kind: PaymentKind::Card, amount, reference: None }).collect();
    AfterSaleCommand::Relocate(RelocationRequest { moves, keep_prices: below(draw, 4) > 0, payments })
}

/// Where an item is.
fn own(item: &Item) -> (Option<aforo_domain::ids::SessionId>, Goal) {
    let to = match item.spot {
        Spot::Seat(seat) => Goal::Seat(seat),
        Spot::Zone(_) => Goal::PriceType(item.price_type),
    };
    (Some(item.session), to)
}

/// Anywhere, in any session.
fn any(shows: &[Show], draw: &mut Draw) -> (Option<aforo_domain::ids::SessionId>, Goal) {
    let show = &shows[below(draw, shows.len())];
    let to = match below(draw, 3) {
        0 | 1 => Goal::PriceType(show.price_types[below(draw, 2)]),
        _ => Goal::Seat(show.seats[below(draw, show.seats.len())]),
    };
    (Some(show.id), to)
}
