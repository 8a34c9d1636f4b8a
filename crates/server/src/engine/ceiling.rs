//! The bench's ceiling: the same server, but an order is a stored one. It shows what everything around the engine costs, and sells nothing.

use std::collections::HashMap;
use std::sync::Arc;

use aforo_domain::catalogue::Offer;
use aforo_domain::command::{OrderCommand, Reply};
use aforo_domain::error::Code;
use aforo_domain::identity::Channel;
use aforo_domain::ids::{Barcode, FamilyId, ItemId, OrderCode, OrderId, ShardId};
use aforo_domain::orders::{Item, Order, Seller, Spot, Stage, TicketKind};
use aforo_domain::pricing;

use super::Answer;
use super::view::{ShardView, Views};

/// One order a shard, in each stage.
#[derive(Debug)]
pub struct Stored(HashMap<ShardId, [Arc<Order>; 3]>);

impl Stored {
    /// Orders of what is published now.
    pub fn of(views: &Views) -> Self {
        let stages = |id| views.shard(id).and_then(|view| Some((id, stages(&order(&view)?))));
        Self(views.shards().into_iter().filter_map(stages).collect())
    }

    /// The order, in the stage that the command would leave it in.
    pub fn answer(&self, shard: ShardId, command: &OrderCommand) -> Answer {
        let Some([basket, pre_confirmed, confirmed]) = self.0.get(&shard) else { return Answer::refused(Code::SessionNotFound) };
        let order = match command {
            OrderCommand::Delete(_) => return Answer { result: Ok(Reply::Done), replayed: false },
            OrderCommand::PreConfirm(_) => pre_confirmed,
            OrderCommand::Confirm(..) => confirmed,
            _ => basket,
        };
        Answer { result: Ok(Reply::Order(order.clone())), replayed: false }
    }
}

/// An order of one item: a place of the first session that has a price.
fn order(view: &ShardView) -> Option<Order> {
    let mut offers: Vec<_> = view.catalogue.offers.values().collect();
    offers.sort_by_key(|offer| offer.session.id);
    offers.into_iter().find_map(|offer| {
        let channel = offer.publications.keys().find_map(|id| view.identity.channels.get(id))?;
        let item = item(offer, channel)?;
        Some(Order {
            id: OrderId([0xce; 16]),
            seller: Arc::new(Seller { channel: channel.id, user: None, terminal: None, point_of_sale: None }),
            family: FamilyId([0; 16]),
            currency: offer.event.currency,
            language: channel.languages.first()?.clone(),
            created: offer.session.sale.start,
            stage: Stage::Basket { expires: offer.session.end, code: None },
            items: vec![item],
            surcharges: Vec::new(),
            buyer: None,
            held_items: true,
            counted: Vec::new(),
            extras: None,
        })
    })
}

fn item(offer: &Offer, channel: &Channel) -> Option<Item> {
    let place = 0;
    let spot = match (offer.plan.seat_at(place), offer.plan.zone_at(place)) {
        (Some(seat), _) => Spot::Seat(seat.seat.id),
        (None, zone) => Spot::Zone(zone?.1.id),
    };
    let price_type = offer.plan.price_type(place);
    let rate = offer.rate(None)?;
    let price = pricing::item_price(&offer.session, offer.event.currency, channel, price_type, rate)?;
    let (session, event) = (offer.session.id, offer.event.id);
    let (kind, price) = (TicketKind::of(rate), Arc::new(price));
    Some(Item { id: ItemId(1), session, event, place, spot, price_type, rate: rate.id, kind, price, barcode: None, season: None })
}

fn stages(basket: &Order) -> [Arc<Order>; 3] {
    let code = OrderCode(*b"CEILINGCEILI");
    let expires = basket.expires().unwrap_or_default();
    let pre_confirmed = Order { stage: Stage::PreConfirm { expires, code, booked: false }, ..basket.clone() };
    let confirmed = Stage::Confirm { at: basket.created, code, payments: Vec::new(), booked: false };
    let mut confirmed = Order { stage: confirmed, ..basket.clone() };
    for item in &mut confirmed.items {
        item.barcode = Barcode::parse("CEILINGCEILINGCEILINGC");
    }
    [basket.clone(), pre_confirmed, confirmed].map(Arc::new)
}
