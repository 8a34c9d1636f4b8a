//! What an order adds up to.

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::command::OrderCommand;
use aforo_domain::error::Code;
use aforo_domain::identity::Surcharge;
use aforo_domain::ids::{OrderId, RateId, SessionId};
use aforo_domain::laws::Laws;
use aforo_domain::orders::{Order, surcharges};
use aforo_domain::pricing::{ItemPrice, Taxed};
use aforo_testkit::world::{ADULT, CHILD, FLOOR, GALA, MATINEE, STALLS, Shard, WEB};
use proptest::prelude::*;

use crate::{at_rate, auto, begun, named, new_order, seats};

#[test]
fn an_order_adds_up_to_its_items_and_surcharges() {
    let (mut shard, web, order) = begun();
    // The promoter adds 1.50 a ticket and 2 an order, the channel 5 % (0.50 to 2) and 1 an order.
    shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.order(&web, at_rate(order, GALA, &[6, 7], Some(CHILD)));
    let filled = shard.order(&web, auto(order, GALA, FLOOR, 1));
    let totals = filled.totals();
    assert_eq!(totals.base, 5_000 * 2 + 2_500 * 2 + 1_000);
    assert_eq!(totals.surcharges, 150 * 5 + 200 * 2 + 125 * 2 + 50 + 200 + 100);
    assert_eq!((totals.total(), totals.to_pay()), (17_750, 17_750));
    let taxes: Vec<_> = filled.items[0].price.taxes.iter().map(|line| (line.taxed, line.amount)).collect();
    assert_eq!(taxes, [(Taxed::Ticket, 455), (Taxed::PromoterSurcharge, 26), (Taxed::ChannelSurcharge, 35)]);
}

#[test]
fn taxes_that_are_not_those_of_their_price_are_noticed() {
    let (mut shard, web, order) = begun();
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    let breaches = |order: &Order| {
        let mut laws = Laws::default();
        laws.see(&Arc::new(order.clone()).into());
        laws.check().into_iter().filter(|breach| breach.what.contains("taxes")).count()
    };
    assert_eq!(breaches(&filled), 0);
    let mut other = Order::clone(&filled);
    let mut price = ItemPrice::clone(&other.items[1].price);
    price.taxes[1].amount += 1;
    other.items[1].price = Arc::new(price);
    assert_eq!(breaches(&other), 1);
    other.surcharges[0].amount += 100;
    assert_eq!(breaches(&other), 2);
}

#[test]
fn prices_freeze_when_an_item_is_added() {
    let (mut shard, web, order) = begun();
    let before = shard.order(&web, seats(order, GALA, &[4, 5]));
    shard.edit_session(GALA, |session| session.prices.values_mut().for_each(|price| *price += 1_000));
    shard.edit_session(GALA, |session| session.surcharges = vec![Surcharge::PerTicket(900), Surcharge::PerOrder(900)]);
    shard.edit_channel(WEB, |channel| channel.surcharges.clear());
    assert_eq!(shard.order(&web, OrderCommand::Read(order)), before);
    let after = shard.order(&web, seats(order, GALA, &[6, 7]));
    assert_eq!(after.items[..2], before.items[..]);
    assert_eq!((after.items[2].price.base, after.items[2].price.promoter_surcharge), (6_000, 900));
    assert_eq!(after.surcharges, before.surcharges);
    // Asking for another tariff asks for today's price.
    let child = shard.order(&web, OrderCommand::SetRate(order, before.items[0].id, CHILD));
    assert_eq!((child.items[0].price.base, child.items[0].rate), (3_500, CHILD));
}

#[test]
fn a_tariff_must_be_the_sessions_and_have_a_price() {
    let (mut shard, web, order) = begun();
    let filled = shard.order(&web, auto(order, GALA, FLOOR, 1));
    let item = filled.items[0].id;
    assert_eq!(shard.refused(&web, OrderCommand::SetRate(order, item, RateId(9))), Code::Dist0005);
    let refusal = shard.try_order(&web, OrderCommand::SetRate(order, item, CHILD)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderItemInvalid, vec![item.0]));
    let other = new_order(&mut shard, &web);
    assert_eq!(shard.refused(&web, OrderCommand::SetRate(other, item, ADULT)), Code::OrderItemInvalid);
}

#[test]
fn items_are_removed_all_or_none() {
    let (mut shard, web, order) = begun();
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    let [first, second] = [filled.items[0].id, filled.items[1].id];
    let other = new_order(&mut shard, &web);
    let others = shard.order(&web, seats(other, GALA, &[6, 7])).items[0].id;
    let refusal = shard.try_order(&web, OrderCommand::RemoveItems(order, vec![first, others])).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderItemInvalid, vec![others.0]));
    assert_eq!(shard.order(&web, OrderCommand::Read(order)), filled);
    let emptied = shard.order(&web, OrderCommand::RemoveItems(order, vec![second, first]));
    assert_eq!((emptied.items.len(), emptied.totals().total()), (0, 0));
}

#[test]
fn of_one_events_surcharges_per_order_the_largest_counts() {
    let per_order = |order: &Order| surcharges::charged(&order.surcharges).map(|line| (line.taxed, line.amount)).collect::<Vec<_>>();
    for both in [[GALA, MATINEE], [MATINEE, GALA]] {
        let (mut shard, web, order) = begun();
        shard.edit_session(MATINEE, |session| session.surcharges = vec![Surcharge::PerOrder(350)]);
        for session in both {
            shard.order(&web, seats(order, session, &[4, 5]));
        }
        let filled = shard.order(&web, OrderCommand::Read(order));
        assert_eq!(per_order(&filled), [(Taxed::PromoterSurcharge, 350), (Taxed::ChannelSurcharge, 100)]);
        let matinee: Vec<_> = filled.items.iter().filter(|item| item.session == MATINEE).map(|item| item.id).collect();
        let left = shard.order(&web, OrderCommand::RemoveItems(order, matinee));
        assert_eq!(per_order(&left), [(Taxed::PromoterSurcharge, 200), (Taxed::ChannelSurcharge, 100)]);
    }
}

/// One change of a basket, on seats or places of its own, so that calls may come in any order.
#[derive(Debug, Clone)]
struct Step {
    session: SessionId,
    /// Pairs of seats stand apart from each other; the last "pair" is a place on the floor.
    pair: u64,
    rate: RateId,
    then: RateId,
}

impl Step {
    fn run(&self, shard: &mut Shard, order: OrderId) {
        let web = Shard::channel(WEB);
        if self.pair == 9 {
            shard.order(&web, auto(order, self.session, FLOOR, 1));
            return;
        }
        let filled = shard.order(&web, at_rate(order, self.session, &[2 * self.pair, 2 * self.pair + 1], Some(self.rate)));
        let last = filled.items[filled.items.len() - 1].id;
        shard.order(&web, OrderCommand::SetRate(order, last, self.then));
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rate = || prop::sample::select(vec![ADULT, CHILD]);
    let step = (prop::sample::select(vec![GALA, MATINEE]), 0_u64..10, rate(), rate());
    let key = |(session, pair): (SessionId, u64)| (session, pair);
    prop::collection::vec(step, 1..8).prop_map(move |steps| {
        let distinct: BTreeMap<_, _> = steps.into_iter().map(|(session, pair, rate, then)| (key((session, pair)), (rate, then))).collect();
        distinct.into_iter().map(|((session, pair), (rate, then))| Step { session, pair, rate, then }).collect()
    })
}

/// Two sessions of one event with different surcharges; no rule but that of money.
fn priced() -> Shard {
    let mut shard = Shard::new();
    shard.edit_channel(WEB, |channel| channel.max_items = 100);
    shard.edit_session(MATINEE, |session| {
        session.surcharges = vec![Surcharge::PerOrder(370), Surcharge::PerTicket(33)];
        session.prices.values_mut().for_each(|price| *price += 1);
    });
    shard
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn totals_are_the_sum_of_their_parts(steps in steps()) {
        let mut shard = priced();
        let web = Shard::channel(WEB);
        let order = new_order(&mut shard, &web);
        steps.iter().for_each(|step| step.run(&mut shard, order));
        let order = shard.order(&web, OrderCommand::Read(order));
        let lines: Vec<_> = surcharges::charged(&order.surcharges).collect();
        let items: i64 = order.items.iter().map(|item| item.price.total()).sum();
        let totals = order.totals();
        prop_assert_eq!(totals.total(), items + lines.iter().map(|line| line.amount).sum::<i64>());
        prop_assert_eq!(totals.total(), totals.base + totals.surcharges);
        prop_assert!(lines.len() <= 2);
        for (gross, taxes) in lines.iter().map(|line| (line.amount, &line.taxes[..])) {
            prop_assert!((0..gross).contains(&taxes.iter().map(|tax| tax.amount).sum()));
        }
    }

    #[test]
    fn any_order_of_calls_gives_the_same_total((steps, shuffled) in steps().prop_flat_map(|steps| (Just(steps.clone()), Just(steps).prop_shuffle()))) {
        let total = |steps: &[Step]| {
            let mut shard = priced();
            let web = Shard::channel(WEB);
            let order = new_order(&mut shard, &web);
            steps.iter().for_each(|step| step.run(&mut shard, order));
            let order = shard.order(&web, OrderCommand::Read(order));
            let taxes: i64 = surcharges::charged(&order.surcharges).flat_map(|line| line.taxes.iter()).map(|tax| tax.amount).sum();
            (order.totals(), taxes)
        };
        prop_assert_eq!(total(&steps), total(&shuffled));
    }

    #[test]
    fn adding_and_removing_gives_the_former_total(steps in steps(), more in 1_u32..4) {
        let mut shard = priced();
        let web = Shard::channel(WEB);
        let order = new_order(&mut shard, &web);
        steps.iter().for_each(|step| step.run(&mut shard, order));
        let before = shard.order(&web, OrderCommand::Read(order));
        let places = shard.places(MATINEE);
        let added = shard.order(&web, auto(order, MATINEE, FLOOR, more));
        prop_assert!(added.totals().total() > before.totals().total());
        let ids = added.items[before.items.len()..].iter().map(|item| item.id).collect();
        let after = shard.order(&web, OrderCommand::RemoveItems(order, ids));
        prop_assert_eq!(after.totals(), before.totals());
        prop_assert_eq!((&after.items, &after.surcharges), (&before.items, &before.surcharges));
        prop_assert_eq!(shard.places(MATINEE), places);
    }
}

#[test]
fn a_pick_of_seats_costs_what_the_seats_cost() {
    let (mut shard, web, order) = begun();
    let picked = shard.order(&web, auto(order, GALA, STALLS, 2));
    let other = new_order(&mut shard, &web);
    let named = shard.order(&web, seats(other, GALA, &[14, 15]));
    assert_eq!(picked.totals(), named.totals());
}
