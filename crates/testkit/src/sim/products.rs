//! Products in a simulated history: fewer units than buyers want, one of them only with places of a session; and what buyers and their promoter ask
//! about them.

use aforo_domain::catalogue::manage::{CatalogueCommand, ProductSpec, Target};
use aforo_domain::command::{Command, ProductRequest};
use aforo_domain::identity::Status;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{EntityId, ItemId, ProductId, SessionId};
use aforo_domain::moment::Draw;
use aforo_domain::money::{Currency, Percent};
use aforo_domain::orders::Order;
use aforo_domain::products::{OnlyWith, ProductLimits};
use aforo_domain::taxes::TaxSpec;
use aforo_server::engine::Request;

use super::clients::below;
use super::stage::{CLUB, SHARD, Show, WEB};

/// Sold by itself, to each order so many.
pub const PROGRAMME: ProductId = ProductId(1);
/// Goes only with places of the second session.
pub const PARKING: ProductId = ProductId(2);

/// Makes them.
pub fn set_up(session: SessionId) -> [CatalogueCommand; 2] {
    [PROGRAMME, PARKING].map(|id| CatalogueCommand::SaveProduct(Target::New(Some(id)), Box::new(spec(id, session, 4))))
}

fn spec(id: ProductId, session: SessionId, stock: u32) -> ProductSpec {
    let is_parking = id == PARKING;
    ProductSpec {
        entity: Some(EntityId(1)),
        name: if is_parking { "Parking" } else { "Programme" }.to_owned(),
        names: Default::default(),
        descriptions: Default::default(),
        images: Default::default(),
        status: Status::Active,
        prices: Currency::parse("EUR").map(|euro| (euro, if is_parking { 1_200 } else { 399 })).into_iter().collect(),
        taxes: vec![TaxSpec { id: None, name: "IVA 21%".to_owned(), percent: Percent(210_000) }],
        channels: vec![WEB, CLUB],
        sale: None,
        only_with: OnlyWith { events: Vec::new(), sessions: is_parking.then_some(session).into_iter().collect() },
        limits: ProductLimits { stock: Some(stock), per_order: (!is_parking).then_some(3) },
    }
}

/// Units of one of them or of both, and now and then of one that there is not.
pub fn some(draw: &mut Draw) -> Vec<ProductRequest> {
    let all = [&[PROGRAMME][..], &[PARKING], &[PROGRAMME, PARKING], &[ProductId(3)]];
    let products = all[below(draw, 10).saturating_sub(6)];
    products.iter().map(|id| ProductRequest { id: *id, quantity: 1 + below(draw, 2) as u32 }).collect()
}

/// A unit that an order has.
pub fn unit(order: &Order, draw: &mut Draw) -> Option<ItemId> {
    let units = &order.extras().products;
    units.get(below(draw, units.len())).map(|unit| unit.id)
}

/// What their promoter does: there are more of one, or fewer, or it is sold no longer in a channel, or not at all for a while.
pub fn change(shows: &[Show], draw: &mut Draw) -> Request {
    let id = if below(draw, 2) == 0 { PROGRAMME } else { PARKING };
    let mut spec = spec(id, shows[1].id, 1 + below(draw, 8) as u32);
    match below(draw, 8) {
        0 => spec.status = Status::Inactive,
        1 => spec.channels.truncate(1),
        _ => {}
    }
    let command = Command::Catalogue(CatalogueCommand::SaveProduct(Target::Existing(id, None), Box::new(spec)));
    Request { shard: SHARD, actor: Actor::System, command, idempotency: None }
}
