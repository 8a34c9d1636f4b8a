//! Invitations: who may give them, from which places, and that they cost nothing.

use aforo_domain::catalogue::Rate;
use aforo_domain::command::OrderCommand;
use aforo_domain::error::Code;
use aforo_domain::identity::Permission;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{OrderId, RateId};
use aforo_domain::orders::{Order, TicketKind};
use aforo_domain::pricing::ItemPrice;
use aforo_testkit::world::{ADULT, CHILD, COUNTER, FLOOR, GALA, GALLERY, GUEST, PARTNER, SPONSOR, STALLS, Shard, WEB};

use crate::{at_rate, auto, auto_at, buyer, named, new_order, pay, pay_all, seats};

/// A shard where the web channel may invite, and an order of it.
fn inviting() -> (Shard, Actor, OrderId) {
    let mut shard = Shard::new();
    shard.invite(WEB);
    let web = Shard::channel(WEB);
    let order = new_order(&mut shard, &web);
    (shard, web, order)
}

fn guests(order: OrderId, numbers: &[u64], rate: RateId) -> OrderCommand {
    at_rate(order, GALA, numbers, Some(rate))
}

fn kinds(order: &Order) -> Vec<TicketKind> {
    order.items.iter().map(|item| item.kind).collect()
}

#[test]
fn an_invitation_is_given_for_nothing() {
    let (mut shard, web, order) = inviting();
    // The promoter and the channel add something per ticket and per order to what is sold.
    let filled = shard.order(&web, guests(order, &[4, 5], GUEST));
    let filled = shard.order(&web, auto_at(filled.id, GALA, FLOOR, 2, Some(GUEST)));
    assert!(filled.items.iter().all(|item| *item.price == ItemPrice::default() && item.kind == TicketKind::Invitation));
    assert_eq!(filled.totals().total(), 0);
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
    assert_eq!(shard.refused(&web, pay(order, "0.01")), Code::Dist0005);
    let given = shard.order(&web, OrderCommand::Confirm(order, Vec::new()));
    assert!(given.items.iter().all(|item| item.barcode.is_some()));
    assert_eq!(shard.places(GALA).matches('X').count(), 4);
}

#[test]
fn only_who_may_invites() {
    let (mut shard, web, order) = inviting();
    let partner = Shard::channel(PARTNER);
    let theirs = new_order(&mut shard, &partner);
    assert_eq!(shard.refused(&partner, guests(theirs, &[4, 5], GUEST)), Code::Auth0027, "the channel's switch is off");
    assert_eq!(shard.refused(&partner, auto_at(theirs, GALA, FLOOR, 1, Some(GUEST))), Code::Auth0027);
    shard.order(&web, guests(order, &[4, 5], GUEST));

    // At a counter it takes the channel's switch and the person's permission.
    let may = shard.at_counter(COUNTER, &[Permission::Invitations]);
    let at_counter = new_order(&mut shard, &may);
    let may_not = shard.at_counter(COUNTER, &[Permission::Refund]);
    assert_eq!(shard.refused(&may, guests(at_counter, &[6, 7], GUEST)), Code::Auth0027);
    shard.edit_channel(COUNTER, |channel| channel.invitations = true);
    assert_eq!(shard.refused(&may_not, guests(at_counter, &[6, 7], GUEST)), Code::Auth0027);
    shard.order(&may, guests(at_counter, &[6, 7], GUEST));

    // Before any limit and any seat, but not before what is no tariff at all.
    shard.edit_channel(COUNTER, |channel| channel.max_items = 1);
    assert_eq!(shard.refused(&may_not, guests(at_counter, &[4, 5], GUEST)), Code::Auth0027);
    assert_eq!(shard.refused(&may_not, guests(at_counter, &[4, 5], RateId(9))), Code::Dist0005);
    assert_eq!(shard.refused(&may, guests(at_counter, &[4, 5], GUEST)), Code::OrderItemsLimitExceeded);
}

#[test]
fn an_invitation_with_a_quota_is_of_its_places_alone() {
    let (mut shard, web, order) = inviting();
    // The first four of the gallery's row are the partner's, and so are the last forty of the floor; the web channel sells neither.
    let refusal = shard.try_order(&web, guests(order, &[23, 24], SPONSOR)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderSeatNotAvailable, vec![Shard::seat(24).0]));
    assert_eq!(shard.refused(&web, guests(order, &[20, 21], GUEST)), Code::OrderSeatNotAvailable, "without one it is of the publication's");
    shard.order(&web, guests(order, &[20, 21], SPONSOR));
    let filled = shard.order(&web, auto_at(order, GALA, FLOOR, 2, Some(SPONSOR)));
    let general = shard.order(&web, auto_at(order, GALA, FLOOR, 1, Some(GUEST)));
    let places = |order: &Order, from: usize| order.items[from..].iter().map(|item| item.place).collect::<Vec<_>>();
    assert_eq!((places(&filled, 2), places(&general, 4)), (vec![90, 91], vec![30]));
    assert_eq!(shard.refused(&web, auto_at(order, GALA, STALLS, 2, Some(SPONSOR))), Code::OrderSeatNotAvailable, "it has no stalls");
}

#[test]
fn seats_kept_for_guests_are_not_judged_as_single_ones() {
    let (mut shard, web, order) = inviting();
    // 20 to 23 are the sponsor's. Taking 21 and 22 leaves one at either side, and the sale's 24 to 29 as they are.
    shard.order(&web, guests(order, &[21, 22], SPONSOR));
    let refusal = shard.try_order(&web, guests(order, &[25, 26], GUEST)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrphanSeat, vec![Shard::seat(25).0, Shard::seat(26).0]));
    shard.order(&web, guests(order, &[24, 25], GUEST));
    shard.order(&web, buyer(order, "ada@example.com"));
    shard.order(&web, OrderCommand::PreConfirm(order));
}

#[test]
fn tickets_that_are_sold_beside_cost_what_they_cost() {
    let (mut shard, web, order) = inviting();
    let paid = new_order(&mut shard, &web);
    let alone = shard.order(&web, seats(paid, GALA, &[14, 15])).totals();
    shard.order(&web, guests(order, &[4, 5], GUEST));
    let mixed = shard.order(&web, seats(order, GALA, &[6, 7]));
    assert_eq!(mixed.totals(), alone);
    let sold = [mixed.items[2].id, mixed.items[3].id];
    let left = shard.order(&web, OrderCommand::RemoveItems(order, sold.to_vec()));
    assert_eq!((left.totals().total(), left.items.len()), (0, 2));
    // The other way round.
    shard.order(&web, OrderCommand::RemoveItems(order, left.items.iter().map(|item| item.id).collect()));
    let first = shard.order(&web, seats(order, GALA, &[6, 7]));
    let mixed = shard.order(&web, guests(order, &[4, 5], GUEST));
    assert_eq!((mixed.totals(), &mixed.surcharges), (alone, &first.surcharges));
    shard.order(&web, buyer(order, "ada@example.com"));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!(kinds(&sold), [TicketKind::Sale, TicketKind::Sale, TicketKind::Invitation, TicketKind::Invitation]);
}

#[test]
fn a_tariff_changes_to_and_from_an_invitation_by_the_same_rules() {
    let (mut shard, web, order) = inviting();
    let filled = shard.order(&web, seats(order, GALA, &[4, 5]));
    let [first, second] = [filled.items[0].id, filled.items[1].id];
    let set = |item, rate| OrderCommand::SetRate(order, item, rate);
    let refusal = shard.try_order(&web, set(first, SPONSOR)).unwrap_err();
    assert_eq!((refusal.code, named(&refusal)), (Code::OrderItemInvalid, vec![first.0]), "the place is not the sponsor's");
    shard.order(&web, set(first, GUEST));
    let given = shard.order(&web, set(second, GUEST));
    assert_eq!((given.totals().total(), given.surcharges.len()), (0, 0));
    let back = shard.order(&web, set(first, ADULT));
    let back = shard.order(&web, OrderCommand::SetRate(back.id, second, ADULT));
    assert_eq!((back.totals(), &back.surcharges, kinds(&back)), (filled.totals(), &filled.surcharges, kinds(&filled)));

    // A place of the sponsor's is never sold by a channel that does not sell it.
    let theirs = shard.order(&web, guests(order, &[20, 21], SPONSOR)).items[2].id;
    assert_eq!(shard.refused(&web, set(theirs, ADULT)), Code::OrderItemInvalid);
    assert_eq!(shard.refused(&web, set(theirs, GUEST)), Code::OrderItemInvalid);
    shard.order(&web, set(theirs, SPONSOR));

    // And by nobody without the right, either way.
    shard.edit_channel(WEB, |channel| channel.invitations = false);
    assert_eq!(shard.refused(&web, set(first, GUEST)), Code::Auth0027);
    assert_eq!(shard.refused(&web, set(theirs, ADULT)), Code::Auth0027);
    shard.order(&web, set(first, CHILD));
}

#[test]
fn what_a_ticket_was_given_for_is_frozen() {
    let (mut shard, web, order) = inviting();
    shard.order(&web, guests(order, &[4, 5], GUEST));
    shard.order(&web, seats(order, GALA, &[6, 7]));
    // The promoter takes the invitations back.
    shard.edit_session(GALA, |session| session.rates.retain(|rate| !rate.is_invitation()));
    shard.order(&web, buyer(order, "ada@example.com"));
    let accepted = shard.order(&web, OrderCommand::PreConfirm(order));
    let sold = shard.order(&web, pay_all(&accepted));
    assert_eq!(kinds(&sold), [TicketKind::Invitation, TicketKind::Invitation, TicketKind::Sale, TicketKind::Sale]);
}

#[test]
fn a_place_that_invitations_name_is_still_sold_by_who_sells_it() {
    let (mut shard, _, _) = inviting();
    let partner = Shard::channel(PARTNER);
    let order = new_order(&mut shard, &partner);
    shard.order(&partner, seats(order, GALA, &[20, 21]));
    assert_eq!(shard.order(&partner, auto(order, GALA, GALLERY, 2)).items.len(), 4);
    let offer = shard.world.session(GALA).unwrap().0;
    let shown = |channel| offer.rates_in(&shard.world.identity.channels[&channel]).map(|rate: &Rate| rate.id).collect::<Vec<_>>();
    assert_eq!((shown(PARTNER), shown(WEB)), (vec![ADULT, CHILD], vec![ADULT, CHILD, GUEST, SPONSOR]));
}
