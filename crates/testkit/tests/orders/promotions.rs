//! What promotions take off an order, which orders have them, and how often. The laws are checked after every command.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::change::CounterKey;
use aforo_domain::command::{Command, OrderCommand};
use aforo_domain::error::Code;
use aforo_domain::identity::Status;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{EntityId, ItemId, OrderId, PromotionId, SessionId};
use aforo_domain::moment::{DAY_MS, Window};
use aforo_domain::money::{Currency, Percent};
use aforo_domain::orders::Order;
use aforo_domain::orders::promotions::PromotionRequest;
use aforo_domain::pricing::Taxed;
use aforo_domain::promotions::{Conditions, Limits, Promotion, PromotionCode, PromotionKind, Reduction, Scope, Terms};
use aforo_testkit::world::{ADULT, CHILD, FLOOR, GALA, GUEST, MATINEE, NOW, Shard, TOUR, WEB};
use proptest::prelude::*;

use crate::{at_rate, auto, begun, buy, named, new_order, pay_all, seats};

/// A promotion of the opera with these terms; `edit` says what is not as usual: a chosen 10 % of each item, stackable.
pub fn promotion(id: u64, edit: impl FnOnce(&mut Terms)) -> Promotion {
    let mut terms = Terms {
        id: PromotionId(id),
        entity: EntityId(1),
        name: format!("Promotion {id}"),
        names: BTreeMap::new(),
        kind: PromotionKind::Discount,
        needs_code: false,
        scope: Scope::Item,
        reduction: percent(10),
        priority: 0,
        stackable: true,
        window: None,
        conditions: Conditions::default(),
        limits: Limits::default(),
    };
    edit(&mut terms);
    let (descriptions, codes) = (BTreeMap::new(), BTreeMap::new());
    Promotion { id: terms.id, status: Status::Active, terms: Arc::new(terms), descriptions, codes, version: 1 }
}

fn percent(percent: i64) -> Reduction {
    Reduction::Percentage(Percent(percent * 10_000))
}

fn euros(amount: i64) -> Reduction {
    Reduction::Fixed { currency: Currency::parse("EUR").unwrap(), amount: amount * 100 }
}

pub fn put(shard: &mut Shard, promotion: Promotion) {
    shard.put(Arc::new(promotion));
}

pub fn automatic(terms: &mut Terms) {
    terms.kind = PromotionKind::Automatic;
}

pub fn choose(order: OrderId, id: u64) -> OrderCommand {
    OrderCommand::Promote(order, PromotionRequest { id: PromotionId(id), items: None, code: None })
}

pub fn choose_on(order: OrderId, id: u64, items: &[ItemId]) -> OrderCommand {
    OrderCommand::Promote(order, PromotionRequest { id: PromotionId(id), items: Some(items.to_vec()), code: None })
}

fn with_code(order: OrderId, id: u64, code: &str) -> OrderCommand {
    OrderCommand::Promote(order, PromotionRequest { id: PromotionId(id), items: None, code: PromotionCode::parse(code) })
}

pub fn give_back(order: OrderId, id: u64) -> OrderCommand {
    OrderCommand::DropPromotion(order, PromotionId(id))
}

pub fn delete(shard: &mut Shard, actor: &Actor, order: OrderId) {
    shard.run(actor, &Command::Order(OrderCommand::Delete(order))).unwrap();
}

pub fn off(order: &Order) -> Vec<i64> {
    order.items.iter().map(|item| item.price.discount()).collect()
}

pub fn uses(shard: &Shard, id: u64) -> i64 {
    shard.world.counter(&CounterKey::PromotionUses(PromotionId(id)))
}

#[test]
fn a_chosen_promotion_lowers_the_price_and_gives_it_back_to_the_cent() {
    let (mut shard, web, order) = begun();
    put(&mut shard, promotion(1, |terms| terms.reduction = percent(33)));
    let before = shard.order(&web, seats(order, GALA, &[4, 5]));
    let after = shard.order(&web, choose(order, 1));
    assert_eq!((off(&after), after.totals().promotions), (vec![1_650, 1_650], 3_300));
    assert_eq!(after.totals().total(), before.totals().total() - 3_300);
    let price = &after.items[0].price;
    assert_eq!((price.base, price.promoter_surcharge, price.channel_surcharge), (5_000, 150, 200), "surcharges stay");
    let tax = |order: &Order| order.items[0].price.taxes.iter().find(|line| line.taxed == Taxed::Ticket).unwrap().amount;
    assert_eq!((tax(&before), tax(&after)), (455, 305), "a tenth of what is left is tax");
    assert_eq!(uses(&shard, 1), 2);
    let again = shard.order(&web, give_back(order, 1));
    assert_eq!((&again.items, &again.extras), (&before.items, &None));
    assert_eq!(uses(&shard, 1), 0);
    assert_eq!(shard.refused(&web, give_back(order, 1)), Code::OrderPromotionNotFound);
}

#[test]
fn one_that_takes_everything_leaves_nothing_to_tax_and_gives_that_back_too() {
    let (mut shard, web, order) = begun();
    put(&mut shard, promotion(1, |terms| terms.reduction = euros(500)));
    let before = shard.order(&web, seats(order, GALA, &[4, 5]));
    let after = shard.order(&web, choose(order, 1));
    assert_eq!((off(&after), after.totals().promotions), (vec![5_000, 5_000], 10_000));
    assert_eq!(shard.order(&web, give_back(order, 1)).items, before.items);
}

#[test]
fn automatic_ones_come_and_go_with_the_items() {
    let (mut shard, web, order) = begun();
    put(&mut shard, promotion(1, automatic));
    put(
        &mut shard,
        promotion(2, |terms| {
            automatic(terms);
            terms.conditions = Conditions { rates: vec![CHILD], sessions: vec![GALA], min_items: 2, ..Conditions::default() };
            terms.reduction = euros(5);
        }),
    );
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!(off(&filled), [500, 500]);
    let one = shard.order(&web, OrderCommand::SetRate(order, filled.items[0].id, CHILD));
    assert_eq!(off(&one), [250, 500], "one child is too few");
    let two = shard.order(&web, OrderCommand::SetRate(order, filled.items[1].id, CHILD));
    assert_eq!(off(&two), [250 + 500, 250 + 500]);
    assert_eq!(shard.refused(&web, give_back(order, 1)), Code::OrderPromotionNotFound, "nobody chose it");
    assert_eq!(shard.refused(&web, choose(order, 1)), Code::OrderPromotionNotFound);
    let grown_up = shard.order(&web, OrderCommand::SetRate(order, filled.items[1].id, ADULT));
    assert_eq!(off(&grown_up), [250, 500]);
    let other = shard.order(&web, seats(order, MATINEE, &[4, 5]));
    assert_eq!(off(&other), [250, 500, 500, 500], "the first is for all the promoter's events");
    delete(&mut shard, &web, order);
    assert_eq!((uses(&shard, 1), uses(&shard, 2)), (0, 0));
}

#[test]
fn a_promoters_change_touches_no_live_order() {
    let (mut shard, web, order) = begun();
    put(&mut shard, promotion(1, automatic));
    put(&mut shard, promotion(2, |_| {}));
    shard.order(&web, seats(order, GALA, &[4, 5]));
    let before = shard.order(&web, choose(order, 2));
    assert_eq!(off(&before), [950, 950]);
    for id in [1, 2] {
        put(
            &mut shard,
            Promotion {
                status: Status::Gone,
                version: 2,
                ..promotion(id, |terms| {
                    automatic(terms);
                    terms.reduction = percent(90);
                })
            },
        );
    }
    let after = shard.order(&web, seats(order, GALA, &[6, 7]));
    assert_eq!(off(&after), [950, 950, 500, 500], "what is in the order goes on by its terms; what was chosen was chosen for two");
    let other = new_order(&mut shard, &web);
    assert_eq!(off(&shard.order(&web, seats(other, MATINEE, &[4, 5]))), [0, 0]);
}

#[test]
fn invitations_and_other_currencies_have_none() {
    let (mut shard, web, order) = begun();
    shard.invite(WEB);
    put(
        &mut shard,
        promotion(1, |terms| {
            automatic(terms);
            terms.reduction = euros(5);
        }),
    );
    let guests = shard.order(&web, at_rate(order, GALA, &[4, 5], Some(GUEST)));
    assert_eq!(guests.totals().total(), 0);
    let dollars = new_order(&mut shard, &web);
    assert_eq!(off(&shard.order(&web, seats(dollars, TOUR, &[4, 5]))), [0, 0]);
    put(&mut shard, promotion(2, |terms| terms.reduction = euros(5)));
    assert_eq!(shard.refused(&web, choose(dollars, 2)), Code::OrderInvalidPromotion);
}

#[test]
fn an_order_promotion_is_spread_and_is_one_use() {
    let (mut shard, web, order) = begun();
    put(
        &mut shard,
        promotion(1, |terms| {
            terms.scope = Scope::Order;
            terms.reduction = euros(10);
            terms.limits.per_order = Some(1);
        }),
    );
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, auto(order, GALA, FLOOR, 1));
    let after = shard.order(&web, choose(order, 1));
    assert_eq!((off(&after), uses(&shard, 1)), (vec![455, 454, 91], 1));
    let fewer = shard.order(&web, OrderCommand::RemoveItems(order, vec![after.items[2].id]));
    assert_eq!((off(&fewer), uses(&shard, 1)), (vec![500, 500], 1));
    let more = shard.order(&web, seats(order, GALA, &[6, 7]));
    assert_eq!(off(&more), [250, 250, 250, 250]);
    let refusal = shard.try_order(&web, choose_on(order, 1, &[more.items[0].id])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderInvalidPromotion, vec![more.items[0].id.0]));
}

#[test]
fn what_is_not_stackable_shares_no_item() {
    let (mut shard, web, order) = begun();
    let alone = |terms: &mut Terms| terms.stackable = false;
    put(
        &mut shard,
        promotion(1, |terms| {
            automatic(terms);
            alone(terms);
        }),
    );
    put(
        &mut shard,
        promotion(2, |terms| {
            alone(terms);
            terms.reduction = percent(20);
        }),
    );
    put(&mut shard, promotion(3, alone));
    put(&mut shard, promotion(4, |terms| terms.reduction = euros(1)));
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!(off(&filled), [500, 500]);
    let first = filled.items[0].id;
    let chosen = shard.order(&web, choose_on(order, 2, &[first]));
    assert_eq!(off(&chosen), [1_000, 500], "the automatic one gives way to the chosen one");
    let refusal = shard.try_order(&web, choose_on(order, 3, &[first])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderInvalidPromotion, vec![first.0]));
    assert_eq!(off(&shard.order(&web, choose(order, 3))), [1_000, 500], "on what is left of the items");
    assert_eq!(off(&shard.order(&web, choose(order, 4))), [1_100, 600], "a stackable one goes with all");
    for id in [2, 3, 4] {
        shard.order(&web, give_back(order, id));
    }
    assert_eq!(shard.order(&web, OrderCommand::Read(order)).items, filled.items);
}

#[test]
fn what_is_not_offered_is_not_found_and_what_does_not_fit_is_invalid() {
    let (mut shard, web, order) = begun();
    put(&mut shard, promotion(1, |terms| terms.entity = EntityId(2)));
    put(&mut shard, promotion(2, |terms| terms.conditions.sessions = vec![MATINEE]));
    put(&mut shard, promotion(3, |terms| terms.conditions.channels = vec![aforo_testkit::world::PARTNER]));
    put(&mut shard, Promotion { status: Status::Inactive, ..promotion(4, |_| {}) });
    put(&mut shard, promotion(5, |terms| terms.conditions.rates = vec![CHILD]));
    put(&mut shard, promotion(6, |terms| terms.conditions.min_items = 3));
    put(&mut shard, promotion(7, |terms| terms.window = Some(Window { start: NOW.plus_ms(DAY_MS), end: NOW.plus_ms(2 * DAY_MS) })));
    assert_eq!(shard.refused(&web, choose(order, 6)), Code::OrderPromotionPrimaryMktRequired);
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    for id in [1, 2, 3, 4, 99] {
        assert_eq!(shard.refused(&web, choose(order, id)), Code::OrderPromotionNotFound, "{id}");
    }
    for id in [5, 6, 7] {
        assert_eq!(shard.refused(&web, choose(order, id)), Code::OrderInvalidPromotion, "{id}");
    }
    assert_eq!(shard.refused(&web, choose_on(order, 2, &[ItemId(777)])), Code::OrderPromotionNotFound);
    shard.order(&web, seats(order, GALA, &[6]));
    assert_eq!(shard.refused(&web, choose_on(order, 6, &[ItemId(777)])), Code::OrderItemInvalid);
    assert_eq!(off(&shard.order(&web, choose_on(order, 6, &[filled.items[1].id]))), [0, 500, 0]);
    let fewer = shard.order(&web, OrderCommand::RemoveItems(order, vec![filled.items[0].id]));
    assert_eq!((off(&fewer), uses(&shard, 6)), (vec![0, 0], 0), "too few items are left for it");
}

#[test]
fn limits_count_what_is_live_and_what_was_sold() {
    let (mut shard, web, order) = begun();
    put(&mut shard, promotion(1, |terms| terms.limits = Limits { total: Some(3), per_order: Some(2), ..Limits::default() }));
    let limited = shard.order(&web, seats(order, GALA, &[4, 5, 6]));
    assert_eq!(shard.refused(&web, choose(order, 1)), Code::OrderPromotionLimitOperationExceeded);
    let [first, second] = [limited.items[0].id, limited.items[1].id];
    shard.order(&web, choose_on(order, 1, &[first, second]));
    shard.order(&web, choose_on(order, 1, &[first, second]));
    let other = new_order(&mut shard, &web);
    shard.order(&web, seats(other, MATINEE, &[4, 5]));
    assert_eq!((shard.refused(&web, choose(other, 1)), uses(&shard, 1)), (Code::OrderPromotionLimitExceeded, 2));
    shard.order(&web, OrderCommand::RemoveItems(order, vec![first]));
    shard.order(&web, choose(other, 1));
    assert_eq!(uses(&shard, 1), 3);
    // Time that is over gives uses back at once, also before anybody has looked.
    shard.pass(400_000);
    shard.order(&web, crate::buyer(other, "ada@example.org"));
    shard.pass(300_000);
    let third = new_order(&mut shard, &web);
    let item = shard.order(&web, auto(third, GALA, FLOOR, 1)).items[0].id;
    shard.order(&web, choose_on(third, 1, &[item]));
    shard.tick();
    assert_eq!(uses(&shard, 1), 3);
    let sold = shard.order(&web, OrderCommand::PreConfirm(other));
    shard.order(&web, pay_all(&sold));
    shard.pass(DAY_MS / 2);
    shard.tick();
    assert_eq!(uses(&shard, 1), 2, "what was sold counts on");
}

#[test]
fn an_exhausted_automatic_one_is_silently_not_applied() {
    let (mut shard, web, order) = begun();
    put(
        &mut shard,
        promotion(1, |terms| {
            automatic(terms);
            terms.limits = Limits { total: Some(3), per_order: Some(2), ..Limits::default() };
        }),
    );
    let filled = shard.order(&web, seats(order, GALA, &[4, 5, 6]));
    assert_eq!(off(&filled), [500, 500, 0]);
    let other = new_order(&mut shard, &web);
    assert_eq!(off(&shard.order(&web, seats(other, MATINEE, &[4, 5]))), [500, 0]);
    delete(&mut shard, &web, order);
    let sold = buy(&mut shard, &web, |order| seats(order, GALA, &[0, 1]), "ada@example.org");
    assert_eq!((off(&sold), uses(&shard, 1)), (vec![500, 500], 3));
}

#[test]
fn codes_have_limits_of_their_own_and_who_guesses_waits() {
    let (mut shard, web, order) = begun();
    let mut coded = promotion(1, |terms| {
        terms.needs_code = true;
        terms.scope = Scope::Order;
    });
    coded.codes = ["SPRING", "summer"].iter().filter_map(|code| PromotionCode::parse(code)).map(|code| (code, Some(1))).collect();
    put(&mut shard, coded);
    shard.order(&web, seats(order, GALA, &[4, 5]));
    assert_eq!(shard.refused(&web, choose(order, 1)), Code::OrderInvalidPromotion);
    assert_eq!(off(&shard.order(&web, with_code(order, 1, "spring"))), [500, 500]);
    let other = new_order(&mut shard, &web);
    shard.order(&web, seats(other, MATINEE, &[4, 5]));
    assert_eq!(shard.refused(&web, with_code(other, 1, "SPRING")), Code::PromotionCodeLimitReached);
    shard.order(&web, with_code(other, 1, "SUMMER"));
    assert_eq!(shard.refused(&web, with_code(order, 1, "SUMMER")), Code::PromotionCodeLimitReached);
    delete(&mut shard, &web, other);
    shard.order(&web, with_code(order, 1, "SUMMER"));
    assert_eq!(uses(&shard, 1), 1, "asked for with another code it is still one");
    let codes = (0..20).map(|number| shard.refused(&web, with_code(order, 1, &format!("GUESS{number}"))));
    let codes: Vec<_> = codes.collect();
    assert_eq!((codes[0], codes[19]), (Code::OrderInvalidPromotion, Code::TooManyRequests));
    assert_eq!(shard.refused(&web, with_code(order, 1, "SPRING")), Code::TooManyRequests, "the right one does not tell either");
}

#[test]
fn a_session_may_be_sold_only_with_a_promotion() {
    let (mut shard, web, order) = begun();
    shard.edit_session(GALA, |session| session.promotion_required = true);
    put(&mut shard, promotion(1, |_| {}));
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, crate::buyer(order, "ada@example.org"));
    shard.order(&web, choose_on(order, 1, &[filled.items[0].id]));
    let refusal = shard.try_order(&web, OrderCommand::PreConfirm(order)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::PromotionRequired, vec![filled.items[1].id.0]));
    shard.order(&web, choose(order, 1));
    shard.order(&web, OrderCommand::PreConfirm(order));
}

#[test]
fn racing_orders_never_exceed_a_limit_and_a_restart_knows_it() {
    let (mut shard, web, _) = begun();
    put(&mut shard, promotion(1, |terms| terms.limits.total = Some(5)));
    let mut done = 0;
    for turn in 0..8 {
        let order = new_order(&mut shard, &web);
        shard.order(&web, auto(order, SessionId(1 + turn % 2), FLOOR, 1));
        done += u32::from(shard.try_order(&web, choose(order, 1)).is_ok());
    }
    assert_eq!((done, uses(&shard, 1)), (5, 5));
    let recovered = shard.recovered();
    assert_eq!(recovered.counter(&CounterKey::PromotionUses(PromotionId(1))), 5);
    assert_eq!(recovered.catalogue.promotions, shard.world.catalogue.promotions);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_calls_does_not_matter(turns in Just(vec![1_u64, 2, 3, 4]).prop_shuffle(), first in any::<bool>()) {
        let made = |turns: &[u64], items_first: bool| {
            let (mut shard, web, order) = begun();
            put(&mut shard, promotion(1, |terms| terms.reduction = euros(7)));
            put(&mut shard, promotion(2, |terms| terms.scope = Scope::Order));
            put(&mut shard, promotion(3, |terms| terms.priority = 9));
            put(&mut shard, promotion(4, |terms| {
                terms.scope = Scope::Order;
                terms.reduction = euros(13);
            }));
            put(&mut shard, promotion(5, automatic));
            shard.order(&web, seats(order, GALA, &[4, 5, 6]));
            if items_first {
                shard.order(&web, seats(order, GALA, &[7]));
            }
            let before = shard.order(&web, OrderCommand::Read(order));
            for id in turns {
                shard.order(&web, choose_on_some(order, *id, &before));
            }
            if !items_first {
                shard.order(&web, seats(order, GALA, &[7]));
            }
            let after = shard.order(&web, OrderCommand::Read(order));
            let parts: i64 = off(&after).iter().sum();
            assert_eq!(parts, after.totals().promotions);
            for id in turns.iter().rev() {
                shard.order(&web, give_back(order, *id));
            }
            let again = shard.order(&web, OrderCommand::Read(order));
            if items_first {
                assert_eq!((&again.items, again.totals()), (&before.items, before.totals()));
            }
            off(&after)
        };
        prop_assert_eq!(made(&turns, first), made(&[1, 2, 3, 4], true));
    }
}

/// The first three items where it is of items.
fn choose_on_some(order: OrderId, id: u64, before: &Order) -> OrderCommand {
    let items: Vec<_> = before.items[..3].iter().map(|item| item.id).collect();
    if id.is_multiple_of(2) { choose(order, id) } else { choose_on(order, id, &items) }
}
