//! Products: taken from the stock when they are added, given back by everything that takes them out, sold with a barcode of their own.

use aforo_domain::change::CounterKey;
use aforo_domain::command::{Command, OrderCommand, ProductRequest};
use aforo_domain::error::{Code, DetailId, Error};
use aforo_domain::identity::Status;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::terms::BookingTerms;
use aforo_domain::ids::{EntityId, EventId, OrderId, ProductId, TaxId};
use aforo_domain::moment::Window;
use aforo_domain::money::{Currency, Percent};
use aforo_domain::orders::Order;
use aforo_domain::pricing::Taxed;
use aforo_domain::products::{OnlyWith, Product, ProductLimits};
use aforo_domain::{catalogue::Tax, orders::Stage};
use aforo_testkit::world::{GALA, MATINEE, PARTNER, Shard, TOUR, WEB};
use proptest::prelude::*;

use crate::{begun, buyer, named, new_order, pay_all, seats};

/// Sold by itself, in euros and dollars: five of them.
pub const PROGRAMME: ProductId = ProductId(1);
/// Only with places of the gala: without end, but one an order.
const PARKING: ProductId = ProductId(2);
/// In dollars alone.
const SHIRT: ProductId = ProductId(3);

fn product(id: ProductId, name: &str, prices: &[(&str, i64)]) -> Product {
    Product {
        id,
        entity: EntityId(1),
        name: name.to_owned(),
        names: Default::default(),
        descriptions: Default::default(),
        images: Default::default(),
        status: Status::Active,
        prices: prices.iter().map(|(code, price)| (Currency::parse(code).unwrap(), *price)).collect(),
        taxes: vec![Tax { id: TaxId(2), name: "IVA 21%".to_owned(), percent: Percent::parse("21").unwrap() }],
        channels: vec![WEB],
        sale: None,
        only_with: OnlyWith::default(),
        limits: ProductLimits::default(),
        version: 1,
    }
}

/// Puts the three products on sale.
fn stock_up(shard: &mut Shard) {
    let stock = |stock| ProductLimits { stock: Some(stock), per_order: None };
    save(shard, Product { limits: stock(5), ..product(PROGRAMME, "Programme", &[("EUR", 300), ("USD", 350)]) });
    let only_with = OnlyWith { events: Vec::new(), sessions: vec![GALA] };
    let limits = ProductLimits { stock: None, per_order: Some(1) };
    save(shard, Product { only_with, limits, ..product(PARKING, "Parking", &[("EUR", 1_210)]) });
    save(shard, product(SHIRT, "T-shirt", &[("USD", 2_000)]));
}

fn save(shard: &mut Shard, product: Product) {
    shard.put(std::sync::Arc::new(product));
}

pub fn add(order: OrderId, products: &[(ProductId, u32)]) -> OrderCommand {
    let request = |(id, quantity): &(ProductId, u32)| ProductRequest { id: *id, quantity: *quantity };
    OrderCommand::AddProducts(order, products.iter().map(request).collect())
}

/// How many units are taken, as the counter says and as readers are shown it.
pub fn taken(shard: &Shard, product: ProductId) -> i64 {
    let counted = shard.world.counter(&CounterKey::ProductUnits(product));
    assert_eq!(shard.world.taken.get(&product).copied().unwrap_or(0), counted);
    counted
}

fn units(order: &Order) -> Vec<ProductId> {
    order.extras().products.iter().map(|unit| unit.terms.product).collect()
}

fn refused(shard: &mut Shard, actor: &Actor, command: OrderCommand) -> (Code, Vec<u64>) {
    let error: Error = shard.try_order(actor, command).unwrap_err();
    (error.code, named(&error))
}

/// A shard with the products and an order of the web channel.
pub fn shop() -> (Shard, Actor, OrderId) {
    let (mut shard, web, order) = begun();
    stock_up(&mut shard);
    (shard, web, order)
}

#[test]
fn a_unit_is_an_item_of_its_own_and_part_of_the_price() {
    let (mut shard, web, order) = shop();
    let seated = shard.order(&web, seats(order, GALA, &[4]));
    let filled = shard.order(&web, add(order, &[(PROGRAMME, 2), (PARKING, 1)]));
    assert_eq!(units(&filled), [PROGRAMME, PROGRAMME, PARKING]);
    let ids: Vec<_> = filled.items.iter().map(|item| item.id).chain(filled.extras().products.iter().map(|unit| unit.id)).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    let (before, after) = (seated.totals(), filled.totals());
    assert_eq!((after.base - before.base, after.surcharges), (300 + 300 + 1_210, before.surcharges));
    let taxes = &filled.extras().products[2].terms.taxes;
    assert_eq!(taxes.iter().map(|line| (line.taxed, line.amount)).collect::<Vec<_>>(), [(Taxed::Product, 210)]);
    assert_eq!((taken(&shard, PROGRAMME), taken(&shard, PARKING)), (2, 1));
    // A later change of the price does not touch it.
    save(&mut shard, product(PROGRAMME, "Programme", &[("EUR", 999)]));
    shard.order(&web, buyer(order, "ada@example.com"));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(accepted.totals().base, after.base);
    assert!(accepted.extras().products.iter().all(|unit| unit.barcode.is_none()));
    let sold = shard.order(&web, pay_all(&accepted));
    let mut barcodes: Vec<_> = sold.extras().products.iter().map(|unit| unit.barcode.clone().unwrap()).collect();
    barcodes.extend(sold.items.iter().map(|item| item.barcode.clone().unwrap()));
    barcodes.sort();
    barcodes.dedup();
    assert_eq!(barcodes.len(), 4);
    assert_eq!(taken(&shard, PROGRAMME), 2, "sold is taken for good");
    assert_eq!(shard.order(&web, pay_all(&accepted)), sold, "again is not twice");
    // After a restart ids go on behind those of products, too.
    let (next, _) = shard.recovered().item_ids();
    assert!(ids.iter().all(|id| id.0 < next));
}

#[test]
fn an_order_of_products_alone_is_sold_and_not_booked() {
    let (mut shard, web, order) = shop();
    shard.edit_channel(WEB, |channel| channel.booking = BookingTerms { enabled: true, ..BookingTerms::default() });
    shard.order(&web, add(order, &[(PROGRAMME, 1)]));
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(order)), Code::OrderBuyerDataRequired);
    shard.order(&web, buyer(order, "ada@example.com"));
    assert_eq!(shard.refused(&web, OrderCommand::Book(order)), Code::OrderBookingNotAllowed);
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let sold = shard.order(&web, pay_all(&accepted));
    assert!(matches!(sold.stage, Stage::Confirm { .. }) && sold.items.is_empty());
    assert_eq!((sold.totals().total(), units(&sold)), (300, vec![PROGRAMME]));
}

#[test]
fn what_cannot_be_had_is_named_and_nothing_of_the_call_is_done() {
    let (mut shard, web, order) = shop();
    let ask = |shard: &mut Shard, products: &[(ProductId, u32)]| refused(shard, &web, add(order, products));
    let missing = shard.try_order(&web, add(order, &[(PROGRAMME, 1), (ProductId(77), 1)])).unwrap_err();
    assert_eq!((missing.code, &missing.details[..]), (Code::Dist0005, &[DetailId::Number(77)][..]));
    assert_eq!(ask(&mut shard, &[(PROGRAMME, 1), (PARKING, 1)]), (Code::OrderItemInvalid, vec![2]), "it goes only with the gala");
    assert_eq!(ask(&mut shard, &[(PROGRAMME, 6)]), (Code::OrderSeatNotAvailable, vec![1]));
    assert_eq!(ask(&mut shard, &[(PROGRAMME, 11)]), (Code::OrderItemsLimitExceeded, vec![]), "the channel's limit has no names");
    assert_eq!((taken(&shard, PROGRAMME), taken(&shard, PARKING)), (0, 0));
    shard.order(&web, seats(order, MATINEE, &[4]));
    assert_eq!(ask(&mut shard, &[(PARKING, 1)]), (Code::OrderItemInvalid, vec![2]), "nor with the matinee");
    shard.order(&web, seats(order, GALA, &[4]));
    assert_eq!(ask(&mut shard, &[(PARKING, 2)]), (Code::OrderItemsLimitExceeded, vec![2]));
    shard.order(&web, add(order, &[(PARKING, 1)]));
    assert_eq!(ask(&mut shard, &[(PARKING, 1)]), (Code::OrderItemsLimitExceeded, vec![2]));
    assert_eq!(ask(&mut shard, &[(SHIRT, 1)]), (Code::OrderItemInvalid, vec![3]), "the order is in euros");
    // Three items so far, of ten at most: seats and products count together.
    shard.order(&web, seats(order, GALA, &[5, 6, 7]));
    shard.order(&web, add(order, &[(PROGRAMME, 4)]));
    assert_eq!(shard.refused(&web, seats(order, GALA, &[10])), Code::OrderItemsLimitExceeded);
    let partner = Shard::channel(PARTNER);
    let theirs = new_order(&mut shard, &partner);
    assert_eq!(refused(&mut shard, &partner, add(theirs, &[(PROGRAMME, 1)])), (Code::Dist0005, vec![1]), "not in that channel");
}

#[test]
fn the_first_item_sets_the_currency_be_it_a_product() {
    let (mut shard, web, order) = shop();
    let euros = shard.order(&web, add(order, &[(PROGRAMME, 1)]));
    assert_eq!((euros.currency.code(), euros.totals().base), ("EUR", 300));
    assert_eq!(shard.refused(&web, seats(order, TOUR, &[4])), Code::OrderItemInvalid);
    let unit = euros.extras().products[0].id;
    shard.order(&web, OrderCommand::RemoveItems(order, vec![unit]));
    let dollars = shard.order(&web, add(order, &[(SHIRT, 1), (PROGRAMME, 1)]));
    assert_eq!((dollars.currency.code(), dollars.totals().base), ("USD", 2_350));
    shard.order(&web, seats(order, TOUR, &[4]));
    assert_eq!(refused(&mut shard, &web, seats(order, GALA, &[4])).0, Code::OrderItemInvalid);
    let empty = new_order(&mut shard, &web);
    save(&mut shard, product(PARKING, "Parking", &[("EUR", 1_210)]));
    assert_eq!(
        refused(&mut shard, &web, add(empty, &[(SHIRT, 1), (PARKING, 1)])),
        (Code::OrderItemInvalid, vec![3]),
        "no currency fits both"
    );
}

#[test]
fn products_leave_with_the_last_place_that_they_go_with() {
    let (mut shard, web, order) = shop();
    let seated = shard.order(&web, seats(order, GALA, &[4, 5]));
    let filled = shard.order(&web, add(order, &[(PROGRAMME, 1), (PARKING, 1)]));
    let [first, second] = [0, 1].map(|index: usize| seated.items[index].id);
    let left = shard.order(&web, OrderCommand::RemoveItems(order, vec![first]));
    assert_eq!(units(&left), [PROGRAMME, PARKING]);
    let left = shard.order(&web, OrderCommand::RemoveItems(order, vec![second]));
    assert_eq!((units(&left), taken(&shard, PARKING), taken(&shard, PROGRAMME)), (vec![PROGRAMME], 0, 1));
    assert_eq!(left.totals().total(), 300);
    let gone = OrderCommand::RemoveItems(order, vec![filled.extras().products[1].id]);
    assert_eq!(shard.refused(&web, gone), Code::OrderItemInvalid);
    let empty = shard.order(&web, OrderCommand::RemoveItems(order, vec![filled.extras().products[0].id]));
    assert!(empty.is_empty() && empty.extras.is_none());
    assert_eq!(taken(&shard, PROGRAMME), 0);
    assert_eq!(shard.refused(&web, OrderCommand::PreConfirm(order)), Code::OrderWithoutItems);
}

#[test]
fn everything_that_ends_a_basket_gives_back() {
    let (mut shard, web, order) = shop();
    shard.order(&web, add(order, &[(PROGRAMME, 4)]));
    shard.run(&web, &Command::Order(OrderCommand::Delete(order))).unwrap();
    assert_eq!(taken(&shard, PROGRAMME), 0);
    let order = new_order(&mut shard, &web);
    shard.order(&web, add(order, &[(PROGRAMME, 4)]));
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
    shard.order(&web, OrderCommand::BackToBasket(order));
    assert_eq!(taken(&shard, PROGRAMME), 4, "back in the basket, still held");
    shard.pass(600_000);
    // Its time is over, though no tick has seen it: what it held can be had at once.
    let other = new_order(&mut shard, &web);
    assert_eq!(refused(&mut shard, &web, add(other, &[(PROGRAMME, 6)])), (Code::OrderSeatNotAvailable, vec![1]));
    shard.order(&web, add(other, &[(PROGRAMME, 5)]));
    assert_eq!((taken(&shard, PROGRAMME), shard.refused(&web, OrderCommand::Read(order))), (5, Code::OrderExpired));
    shard.pass(600_000);
    shard.tick();
    assert_eq!(taken(&shard, PROGRAMME), 0);
}

#[test]
fn what_is_not_on_sale_any_more_is_told_apart() {
    let (mut shard, web, order) = shop();
    shard.order(&web, add(order, &[(PROGRAMME, 1)]));
    shard.order(&web, buyer(order, "ada@example.com"));
    let usual = || product(PROGRAMME, "Programme", &[("EUR", 300)]);
    let now = shard.now;
    for off in [
        Product { status: Status::Inactive, ..usual() },
        Product { sale: Some(Window { start: now.plus_ms(1), end: now.plus_ms(2) }), ..usual() },
    ] {
        save(&mut shard, off);
        assert_eq!(refused(&mut shard, &web, add(order, &[(PROGRAMME, 1)])), (Code::OrderSeatNotAvailable, vec![1]));
        shard.order(&web, OrderCommand::PreConfirm(order));
        shard.order(&web, OrderCommand::BackToBasket(order));
    }
    let unit = shard.order(&web, OrderCommand::Read(order)).extras().products[0].id;
    for gone in [Product { channels: Vec::new(), ..usual() }, Product { status: Status::Gone, ..usual() }] {
        save(&mut shard, gone);
        assert_eq!(refused(&mut shard, &web, add(order, &[(PROGRAMME, 1)])), (Code::Dist0005, vec![1]));
        assert_eq!(refused(&mut shard, &web, OrderCommand::PreConfirm(order)), (Code::OrderItemInvalid, vec![unit.0]));
    }
    save(&mut shard, usual());
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    save(&mut shard, Product { status: Status::Gone, ..usual() });
    shard.order(&web, pay_all(&accepted));
}

#[test]
fn what_is_for_places_is_not_for_products() {
    let (mut shard, web, order) = shop();
    let filled = shard.order(&web, add(order, &[(PROGRAMME, 1)]));
    let unit = filled.extras().products[0].id;
    let rate = aforo_testkit::world::ADULT;
    assert_eq!(refused(&mut shard, &web, OrderCommand::SetRate(order, unit, rate)), (Code::OrderItemInvalid, vec![unit.0]));
    let fields = [("size".to_owned(), "S".to_owned())].into();
    let attendee = aforo_domain::orders::attendees::Attendee { item: unit, fields };
    assert_eq!(refused(&mut shard, &web, OrderCommand::SetAttendees(order, vec![attendee])), (Code::OrderItemInvalid, vec![unit.0]));
    let request = aforo_domain::orders::promotions::PromotionRequest { id: 1.into(), items: None, code: None };
    assert_eq!(shard.refused(&web, OrderCommand::Promote(order, request)), Code::OrderPromotionPrimaryMktRequired);
}

#[test]
fn what_goes_with_an_event_goes_with_each_of_its_sessions() {
    let (mut shard, web, order) = shop();
    let only_with = OnlyWith { events: vec![EventId(1)], sessions: vec![TOUR] };
    save(&mut shard, Product { only_with, ..product(PARKING, "Parking", &[("EUR", 1_210), ("USD", 1_300)]) });
    shard.order(&web, seats(order, MATINEE, &[4]));
    shard.order(&web, add(order, &[(PARKING, 1)]));
    let other = new_order(&mut shard, &web);
    shard.order(&web, seats(other, TOUR, &[4]));
    assert_eq!(shard.order(&web, add(other, &[(PARKING, 2)])).totals().base, 5_000 + 2 * 1_300);
}

/// What somebody does with one of three orders.
#[derive(Debug, Clone)]
enum Deed {
    Seat(u64),
    Add(bool, u32),
    RemoveUnit(usize),
    RemovePlaces,
    Sell,
    Delete,
    Wait,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0_u64..10).prop_map(Deed::Seat),
        (any::<bool>(), 1_u32..4).prop_map(|(parking, quantity)| Deed::Add(parking, quantity)),
        (any::<bool>(), 1_u32..4).prop_map(|(parking, quantity)| Deed::Add(parking, quantity)),
        (0_usize..4).prop_map(Deed::RemoveUnit),
        Just(Deed::RemovePlaces),
        Just(Deed::Sell),
        Just(Deed::Delete),
        Just(Deed::Wait),
    ]
}

fn act(shard: &mut Shard, web: &Actor, order: OrderId, deed: &Deed) {
    let Ok(known) = shard.try_order(web, OrderCommand::Read(order)) else { return };
    let command = match deed {
        Deed::Seat(number) => seats(order, GALA, &[*number]),
        Deed::Add(parking, quantity) => add(order, &[(if *parking { PARKING } else { PROGRAMME }, *quantity)]),
        Deed::RemoveUnit(nth) => {
            OrderCommand::RemoveItems(order, known.extras().products.get(*nth).map(|unit| unit.id).into_iter().collect())
        }
        Deed::RemovePlaces => OrderCommand::RemoveItems(order, known.items.iter().map(|item| item.id).collect()),
        Deed::Sell => {
            drop(shard.try_order(web, buyer(order, "ada@example.com")));
            let Ok(accepted) = shard.try_order(web, OrderCommand::PreConfirm(order)) else { return };
            pay_all(&accepted)
        }
        Deed::Delete => OrderCommand::Delete(order),
        Deed::Wait => return shard.pass(400_000),
    };
    // Refusals are what is expected of many of them; the laws are checked after each.
    let _ = shard.run(web, &Command::Order(command));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_three_orders_do_stock_and_sums_add_up(deeds in prop::collection::vec((0_usize..3, deed()), 1..40)) {
        let (mut shard, web, first) = shop();
        let only_with = OnlyWith { events: Vec::new(), sessions: vec![GALA] };
        let limits = ProductLimits { stock: Some(2), per_order: None };
        save(&mut shard, Product { only_with, limits, ..product(PARKING, "Parking", &[("EUR", 1_210)]) });
        let mut orders = [first, new_order(&mut shard, &web), new_order(&mut shard, &web)];
        for (which, deed) in deeds {
            if shard.try_order(&web, OrderCommand::Read(orders[which])).is_err() {
                orders[which] = new_order(&mut shard, &web);
            }
            act(&mut shard, &web, orders[which], &deed);
            for order in orders.iter().filter_map(|id| shard.try_order(&web, OrderCommand::Read(*id)).ok()).collect::<Vec<_>>() {
                let products: i64 = order.extras().products.iter().map(|unit| unit.terms.price).sum();
                let places: i64 = order.items.iter().map(|item| item.price.base).sum();
                prop_assert_eq!(order.totals().base, products + places);
            }
            prop_assert!((0..=5).contains(&taken(&shard, PROGRAMME)) && (0..=2).contains(&taken(&shard, PARKING)));
        }
    }
}
