//! Negative controls: each breaks one rule of the engine on purpose, and the simulator must notice. A check that never fails checks nothing.

#![expect(clippy::unwrap_used, reason = "what a test relies on")]

use std::collections::BTreeMap;
use std::sync::Arc;

use aforo_domain::barcodes::{PoolBarcode, PoolState};
use aforo_domain::catalogue::PresaleCode;
use aforo_domain::catalogue::manage::CatalogueCommand;
use aforo_domain::catalogue::plan::Place;
use aforo_domain::change::{Change, CounterKey, Key, Row};
use aforo_domain::command::{self, Command, OrderCommand, Planned, ProductRequest, Reply, SeatRequest, Stop};
use aforo_domain::error::Code;
use aforo_domain::gates::decide::GateCommand;
use aforo_domain::gates::{Admission, Decision, GateReply, Refusal, Scan};
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{Barcode, Hash, ItemId, OrderId, SessionId};
use aforo_domain::inventory::PlaceState;
use aforo_domain::messages::Kind;
use aforo_domain::moment::Moment;
use aforo_domain::orders::after::AfterSaleCommand;
use aforo_domain::orders::collectives::{Proof, Shown};
use aforo_domain::orders::draft::Draft;
use aforo_domain::orders::{Item, Order, OrderKind, Spot, TicketKind};
use aforo_domain::products::{ProductTerms, Unit};
use aforo_domain::promotions::Applied;
use aforo_domain::promotions::price::{self, Priced};
use aforo_domain::seasons::spread;
use aforo_domain::voucher_orders::Stage as VoucherOrderStage;
use aforo_domain::voucher_orders::sell::VoucherOrderCommand;
use aforo_domain::world::World;
use aforo_server::engine::core::Plan;
use aforo_server::store::sim::Broken;
use aforo_testkit::sim::process::Sabotage;
use aforo_testkit::sim::stage::{CODE, friend};
use aforo_testkit::sim::{Setting, play, record};

/// So many histories a control may need until it shows.
const SEEDS: u64 = 200;
const STEPS: u32 = 3_000;

/// What the simulator says of the first history in which the break shows.
fn noticed(break_it: impl Fn(Setting) -> Setting) -> String {
    let failure = (0..SEEDS).find_map(|seed| play(&break_it(Setting::new(seed, STEPS))).err());
    let failure = failure.unwrap_or_else(|| panic!("{SEEDS} histories with a broken rule, and nothing was noticed"));
    failure.what
}

#[test]
fn rule_9_an_answer_before_the_append_is_noticed() {
    noticed(|setting| Setting { sabotage: Some(Sabotage::AnswersFirst), ..setting });
}

#[test]
fn rule_12_trimmed_takeover_rows_are_noticed() {
    noticed(|setting| Setting { broken: Broken { trims_takeovers: true, ..Broken::default() }, ..setting });
}

#[test]
fn rule_13_an_applier_without_a_fence_is_noticed() {
    noticed(|setting| Setting { broken: Broken { no_fence: true, ..Broken::default() }, ..setting });
}

#[test]
fn rule_14_an_unknown_append_taken_for_a_success_is_noticed() {
    noticed(|setting| Setting { sabotage: Some(Sabotage::BelievesInLuck), ..setting });
}

#[test]
fn rule_22_rows_dropped_before_the_tables_have_them_are_noticed() {
    noticed(|setting| Setting { sabotage: Some(Sabotage::EvictsEarly), lazy: true, ..setting });
}

#[test]
fn law_1_a_seat_sold_without_looking_is_noticed() {
    // In some histories it shows first that a channel has a seat which it may not sell.
    let failures = (0..SEEDS).filter_map(|seed| play(&Setting { plan: sells_without_looking, ..Setting::new(seed, STEPS) }).err());
    let of_law_1 = failures.map(|failure| failure.what).find(|what| what.contains("law 1"));
    assert!(of_law_1.is_some(), "{SEEDS} histories with a broken rule, and law 1 was not found broken");
}

/// The rules, but for the one that a seat must be free.
fn sells_without_looking(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    match (command::plan(world, moment, actor, command), command) {
        (Err(Stop::Refused { error, .. }), Command::Order(OrderCommand::AddSeats(id, seats, _)))
            if error.code == Code::OrderSeatNotAvailable && are_others(world, seats) =>
        {
            let order = world.resident_order(*id)?.unwrap();
            // Only what somebody has: a place that is free or blocked, and only not this channel's to sell, breaks other laws.
            let is_taken = |request: &SeatRequest| {
                let (offer, inventory) = world.session(request.session).unwrap();
                let state = inventory.state(offer.plan.seat(request.id).unwrap().place);
                matches!(state, PlaceState::Held | PlaceState::Sold)
            };
            if seats.iter().all(is_taken) { Ok(take(world, order, seats)) } else { Err(error.code.into()) }
        }
        (planned, _) => planned,
    }
}

/// Whether all these seats are in somebody's order.
fn are_others(world: &World, seats: &[SeatRequest]) -> bool {
    let taken = |request: &SeatRequest| {
        let (offer, inventory) = world.session(request.session)?;
        Some(matches!(inventory.state(offer.plan.place(request.id)?), PlaceState::Held | PlaceState::Sold))
    };
    seats.iter().all(|request| taken(request) == Some(true))
}

fn take(world: &World, order: &Order, seats: &[SeatRequest]) -> command::Done {
    let mut draft = Draft::new(world);
    let mut order = order.clone();
    for request in seats {
        let (offer, _) = world.session(request.session).unwrap();
        let place = offer.plan.seat(request.id).unwrap().place;
        let item = Item {
            id: draft.item_id(),
            session: request.session,
            event: offer.event.id,
            place,
            spot: Spot::Seat(request.id),
            price_type: offer.plan.price_type(place),
            rate: offer.rate(None).unwrap().id,
            kind: TicketKind::Sale,
            price: Arc::default(),
            barcode: None,
            season: offer.session.season.as_ref().map(|season| spread(0, season.members.iter().copied())),
        };
        draft.hold(&order, &item);
        order.items.push(item);
    }
    draft.done(order)
}

#[test]
fn law_1_a_season_ticket_without_its_places_in_the_sessions_is_noticed() {
    let what = noticed(|setting| Setting { plan: holds_no_other_session, faults: false, ..setting });
    assert!(what.contains("law 1") && what.contains("does not have place"), "{what}");
}

/// The rules, but for the one that a season ticket has its place in every session of the season.
fn holds_no_other_session(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    let of_orders: Vec<_> = done
        .changes
        .iter()
        .filter_map(|change| if let Change::Put(Row::Order(order)) = change { Some(order.clone()) } else { None })
        .collect();
    let is_a_members = |session: SessionId, item: ItemId| {
        let items = of_orders.iter().flat_map(|order| &order.items);
        items.filter(|known| known.id == item).any(|known| known.session != session)
    };
    done.changes.retain(|change| !matches!(change, Change::Put(Row::Claim(claim)) if is_a_members(claim.session, claim.item)));
    Ok(done)
}

#[test]
fn law_3_an_invitation_that_costs_something_is_noticed() {
    let what = noticed(|setting| Setting { plan: charges_guests, ..setting });
    assert!(what.contains("law 3") && what.contains("invitation"), "{what}");
}

/// The rules, but for the one that an invitation costs nothing.
fn charges_guests(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    for change in &mut done.changes {
        if let Change::Put(Row::Order(order)) = change {
            let guests = Arc::make_mut(order).items.iter_mut().filter(|item| item.kind == TicketKind::Invitation);
            guests.for_each(|item| Arc::make_mut(&mut item.price).base = 1);
        }
    }
    Ok(done)
}

#[test]
fn law_2_barcodes_that_are_not_given_back_are_noticed() {
    let what = noticed(|setting| Setting { plan: gives_no_barcode_back, faults: false, ..setting });
    assert!(what.contains("law 2") && what.contains("is reserved for item"), "{what}");
}

/// The rules, but for the one that what pre-confirm reserved falls free.
fn gives_no_barcode_back(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    let goes_back = |change: &Change| matches!(change, Change::Put(Row::PoolBarcode(barcode)) if barcode.state == PoolState::Free);
    done.changes.retain(|change| matches!(command, Command::Catalogue(_)) || !goes_back(change));
    Ok(done)
}

#[test]
fn law_2_places_that_a_refund_keeps_are_noticed() {
    let what = noticed(|setting| Setting { plan: keeps_the_place, faults: false, ..setting });
    assert!(what.contains("law 2") && what.contains("whose ticket is dead"), "{what}");
}

/// The rules, but for the one that a refund lets the place fall free.
fn keeps_the_place(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    let refunds = matches!(command, Command::AfterSale(_, AfterSaleCommand::Refund(_)));
    done.changes.retain(|change| !refunds || !matches!(change, Change::Delete(Key::Claim(_))));
    Ok(done)
}

#[test]
fn law_3_items_that_come_back_twice_are_noticed() {
    let what = noticed(|setting| Setting { plan: gives_back_again, faults: false, ..setting });
    assert!(what.contains("law 3") || what.contains("law 2"), "{what}");
}

/// The rules, but for the one that the order notes what came back of it.
fn gives_back_again(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    let Command::AfterSale(id, AfterSaleCommand::Refund(_) | AfterSaleCommand::Relocate(_)) = command else { return Ok(done) };
    done.changes.retain(|change| !matches!(change, Change::Put(Row::Order(order)) if order.id == *id));
    Ok(done)
}

#[test]
fn law_4_vouchers_that_are_not_reserved_are_noticed() {
    let what = noticed(|setting| Setting { plan: reserves_no_voucher, faults: false, ..setting });
    assert!(what.contains("law 4") && what.contains("orders hold"), "{what}");
}

/// The rules, but for the one that pre-confirm reserves what vouchers pay.
fn reserves_no_voucher(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    let is_order = matches!(command, Command::Order(OrderCommand::PreConfirm(_)));
    done.changes.retain(|change| !is_order || !matches!(change, Change::Put(Row::Voucher(_))));
    Ok(done)
}

#[test]
fn law_4_uses_of_promotions_that_are_not_given_back_are_noticed() {
    let what = noticed(|setting| Setting { plan: gives_no_use_back, faults: false, ..setting });
    assert!(what.contains("law 4") && what.contains("Uses("), "{what}");
}

#[test]
fn law_4_uses_of_collectives_that_are_not_given_back_are_noticed() {
    let what = noticed(|setting| Setting { plan: gives_no_member_back, faults: false, ..setting });
    assert!(what.contains("law 4") && (what.contains("CollectiveUses") || what.contains("MemberUses")), "{what}");
}

/// The rules, but for the one that a promotion's use falls free.
fn gives_no_use_back(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    keeps(world, moment, actor, command, |key| matches!(key, CounterKey::PromotionUses(_) | CounterKey::CodeUses(..)))
}

/// The rules, but for the one that a collective's use falls free.
fn gives_no_member_back(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    keeps(world, moment, actor, command, |key| matches!(key, CounterKey::CollectiveUses(_) | CounterKey::MemberUses(..)))
}

/// The rules, but that some counters never fall.
fn keeps(world: &World, moment: &Moment, actor: &Actor, command: &Command, kept: fn(&CounterKey) -> bool) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    done.changes.retain(|change| match change {
        Change::Put(Row::Counter(counter)) if kept(&counter.key) => counter.value > world.counter(&counter.key),
        Change::Delete(Key::Counter(key)) => !kept(key),
        _ => true,
    });
    Ok(done)
}

#[test]
fn law_4_promotions_given_without_looking_are_noticed() {
    let what = noticed(|setting| Setting { plan: promotes_without_looking, faults: false, ..setting });
    assert!(what.contains("are allowed"), "{what}");
}

/// The rules, but for the one that a promotion has its limit.
fn promotes_without_looking(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    match (command::plan(world, moment, actor, command), command) {
        (Err(Stop::Refused { error, .. }), Command::Order(OrderCommand::Promote(id, request)))
            if error.code == Code::OrderPromotionLimitExceeded =>
        {
            let (order, terms) = (world.resident_order(*id)?.unwrap(), world.catalogue.promotions[&request.id].terms.clone());
            let mut items: Vec<_> = order.items.iter().filter(|item| item.kind == TicketKind::Sale).map(|item| item.id).collect();
            items.sort_unstable();
            let mut order = order.with_extras(|extras| {
                extras.promotions.retain(|one| one.terms.id != request.id);
                extras.promotions.push(Applied { terms, code: None, items });
            });
            let bases: Vec<_> = order.items.iter().map(Priced::from).collect();
            let discounts = price::discounts(&bases, &order.extras().promotions);
            for (item, discounts) in order.items.iter_mut().zip(discounts) {
                item.set_price(Arc::new(item.price.with_discounts(discounts.into())));
            }
            Ok(Draft::new(world).done(order))
        }
        (planned, _) => planned,
    }
}

#[test]
fn a_collective_that_takes_anybody_is_noticed() {
    let what = noticed(|setting| Setting { plan: believes_everybody, ..setting });
    assert!(what.contains("that shows nothing"), "{what}");
}

/// The rules, as if everybody had shown the right password of somebody.
fn believes_everybody(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut command = command.clone();
    if let Command::Order(OrderCommand::AddCollective(_, _, shown @ Shown::Member(..))) = &mut command {
        let (key, hash) = friend(0);
        *shown = Shown::Member(key, Some(Proof { hash: Some(hash), right: true }));
    }
    command::plan(world, moment, actor, &command)
}

#[test]
fn law_3_a_gift_that_was_not_paid_for_is_noticed() {
    let what = noticed(|setting| Setting { plan: gives_gifts_away, faults: false, ..setting });
    assert!(what.contains("law 3") && what.contains("voucher order"), "{what}");
}

/// The rules, but for the one that a voucher order's payment is what it comes to.
fn gives_gifts_away(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    for change in &mut done.changes {
        if let Change::Put(Row::VoucherOrder(order)) = change
            && let VoucherOrderStage::Confirm { payment, .. } = &mut Arc::make_mut(order).stage
        {
            payment.amount = 0;
        }
    }
    Ok(done)
}

#[test]
fn law_3_a_gift_that_is_given_back_and_still_pays_is_noticed() {
    let what = noticed(|setting| Setting { plan: leaves_gifts_alive, ..setting });
    assert!(what.contains("law 3") && what.contains("given back"), "{what}");
}

fn leaves_gifts_alive(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    let is_voucher = |change: &Change| matches!(change, Change::Put(Row::Voucher(_) | Row::VoucherMovement(_)));
    done.changes.retain(|change| !matches!(command, Command::VoucherOrder(VoucherOrderCommand::Refund(_))) || !is_voucher(change));
    Ok(done)
}

#[test]
fn law_8_a_gift_that_is_not_sent_is_noticed() {
    let what = noticed(|setting| Setting { plan: sends_no_gift, faults: false, ..setting });
    assert!(what.contains("law 8") && what.contains("told 0 times"), "{what}");
}

/// The rules, but for the one that a gift is sent.
fn sends_no_gift(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    done.changes.retain(|change| !matches!(command, Command::VoucherOrder(_)) || !matches!(change, Change::Put(Row::Message(_))));
    Ok(done)
}

#[test]
fn law_4_stock_that_is_not_given_back_is_noticed() {
    let what = noticed(|setting| Setting { plan: gives_no_unit_back, faults: false, ..setting });
    assert!(what.contains("law 4") && what.contains("ProductUnits"), "{what}");
}

/// The rules, but for the one that a unit of a product goes back to the stock.
fn gives_no_unit_back(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    done.changes.retain(|change| match change {
        Change::Put(Row::Counter(counter)) if matches!(counter.key, CounterKey::ProductUnits(_)) => {
            counter.value > world.counter(&counter.key)
        }
        Change::Delete(Key::Counter(key)) => !matches!(key, CounterKey::ProductUnits(_)),
        _ => true,
    });
    Ok(done)
}

#[test]
fn law_4_products_sold_beyond_their_stock_are_noticed() {
    let what = noticed(|setting| Setting { plan: looks_at_no_stock, faults: false, ..setting });
    assert!(what.contains("law 4") && what.contains("there are"), "{what}");
}

/// The rules, but for the one that a product has its stock.
fn looks_at_no_stock(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    match (command::plan(world, moment, actor, command), command) {
        (Err(Stop::Refused { error, .. }), Command::Order(OrderCommand::AddProducts(id, requests)))
            if error.code == Code::OrderSeatNotAvailable =>
        {
            let order = world.resident_order(*id)?.unwrap();
            // Without the places that they go with they break another law.
            if !requests.iter().all(|request| world.catalogue.products[&request.id].only_with.is_met_by(&order.items)) {
                return Err(error.code.into());
            }
            let mut draft = Draft::new(world);
            let unit = |request: &ProductRequest| {
                let only_with = world.catalogue.products[&request.id].only_with.clone();
                let terms = Arc::new(ProductTerms { product: request.id, price: 0, taxes: Box::default(), only_with });
                Unit { id: draft.item_id(), terms, barcode: None }
            };
            let units: Vec<_> = requests.iter().map(unit).collect();
            Ok(draft.done(order.with_extras(|extras| extras.products.extend(units))))
        }
        (planned, _) => planned,
    }
}

#[test]
fn a_presale_that_is_open_to_everybody_is_noticed() {
    let what = noticed(|setting| Setting { plan: asks_for_no_code, ..setting });
    assert!(what.contains("before the sale began"), "{what}");
}

/// The rules, as if everybody knew the code.
fn asks_for_no_code(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut command = command.clone();
    match &mut command {
        Command::Order(OrderCommand::AddSeats(_, _, code)) => *code = PresaleCode::parse(CODE),
        Command::Order(OrderCommand::AddAuto(_, request)) => request.presale = PresaleCode::parse(CODE),
        _ => {}
    }
    command::plan(world, moment, actor, &command)
}

#[test]
fn law_8_a_message_told_as_delivered_before_it_is_is_noticed() {
    let what = noticed(|setting| Setting { sabotage: Some(Sabotage::TellsFirst), ..setting });
    assert!(what.contains("law 8") && what.contains("nobody got it"), "{what}");
}

#[test]
fn law_8_a_sale_that_is_not_told_is_noticed() {
    let what = noticed(|setting| Setting { plan: tells_nobody, faults: false, ..setting });
    assert!(what.contains("law 8") && what.contains("was sold"), "{what}");
}

/// The rules, but for the one that who is to be told is told.
fn tells_nobody(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    done.changes.retain(|change| !matches!(command, Command::Order(_)) || !matches!(change, Change::Put(Row::Message(_))));
    Ok(done)
}

#[test]
fn law_8_moves_and_transfers_that_are_not_told_are_noticed() {
    for (plan, what) in [(in_silence::<true> as Plan, "moved"), (in_silence::<false>, "transfer")] {
        let found = noticed(|setting| Setting { plan, ..setting });
        assert!(found.contains("law 8") && found.contains(what), "{found}");
    }
}

fn in_silence<const MOVES: bool>(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    let gives = matches!(command, Command::AfterSale(_, AfterSaleCommand::Transfer(_)));
    let silent = if MOVES { matches!(command, Command::Postponed(_)) } else { gives };
    done.changes.retain(|change| !silent || !matches!(change, Change::Put(Row::Message(one)) if one.kind() == Kind::Mail));
    Ok(done)
}

#[test]
fn law_5_barcodes_imported_without_looking_are_noticed() {
    noticed(|setting| Setting { plan: imports_without_looking, faults: false, ..setting });
}

/// The rules, but for the one that an imported barcode is nobody's yet.
fn imports_without_looking(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    match (command::plan(world, moment, actor, command), command) {
        (Err(Stop::Need(_)), Command::Catalogue(CatalogueCommand::ImportBarcodes(session, barcodes))) => {
            let row = |barcode: &Barcode| PoolBarcode { barcode: barcode.clone(), session: *session, state: PoolState::Free };
            let changes = barcodes.iter().map(|barcode| Row::from(row(barcode)).into()).collect();
            Ok(command::Done { changes, reply: command::Reply::Done })
        }
        (planned, _) => planned,
    }
}

/// How many batches the applier coalesces here: it is far behind.
const WINDOW: usize = 100;

#[test]
fn rule_17_uniqueness_beside_the_primary_key_poisons_the_applier() {
    let poisoned = (0..SEEDS).any(|seed| {
        let batches = record(&Setting { faults: false, ..Setting::new(seed, STEPS) }).unwrap();
        let mut tables = ById::default();
        batches.chunks(WINDOW).any(|window| tables.write(window).is_err())
    });
    assert!(poisoned, "tables keyed by an id, with a unique index on the seat, took it all");
}

type Claimed = ((SessionId, Place), Option<OrderId>);

fn claim(change: &Change) -> Option<Claimed> {
    match change {
        Change::Put(Row::Claim(claim)) => Some(((claim.session, claim.place), Some(claim.order))),
        Change::Delete(Key::Claim(place)) => Some((*place, None)),
        _ => None,
    }
}

/// Claims as one would make them at first: a row of its own id each, and beside that key a unique index on the seat.
#[derive(Default)]
struct ById {
    /// The unique index.
    seats: BTreeMap<(SessionId, Place), Hash>,
    /// Who has a seat by the changes so far, written or not.
    holders: BTreeMap<(SessionId, Place), Hash>,
}

impl ById {
    /// Coalesced by key and sorted by key, as every applier's batch is.
    fn write(&mut self, window: &[Vec<Change>]) -> Result<(), ()> {
        let mut coalesced = BTreeMap::new();
        for (seat @ (_, place), order) in window.iter().flatten().filter_map(claim) {
            match order {
                Some(order) => {
                    let id = Hash::of(format!("{order} {place}").as_bytes());
                    self.holders.insert(seat, id);
                    coalesced.insert(id, Some(seat));
                }
                None => drop(coalesced.insert(self.holders.remove(&seat).unwrap(), None)),
            }
        }
        for (id, there) in coalesced {
            match there {
                Some(seat) if self.seats.insert(seat, id).is_some_and(|other| other != id) => return Err(()),
                Some(_) => {}
                None => self.seats.retain(|_, other| *other != id),
            }
        }
        Ok(())
    }
}

#[test]
fn law_5_a_gate_that_opens_twice_is_noticed() {
    let what = noticed(|setting| Setting { plan: opens_twice, ..setting });
    assert!(what.contains("law 5") && what.contains("came in twice"), "{what}");
}

/// The rules, but for the one that a ticket opens a gate once.
fn opens_twice(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let planned = command::plan(world, moment, actor, command);
    let (Ok(done), Command::Gates(session, GateCommand::Validate(shown))) = (&planned, command) else { return planned };
    let Reply::Gate(reply) = &done.reply else { return planned };
    let GateReply::Decision(Decision { refusal: Some(Refusal::AlreadyEntered), admission: Some(before), .. }) = reply.as_ref() else {
        return planned;
    };
    let (offer, _) = world.session(*session).unwrap();
    let mut admission = Admission::clone(before);
    admission.scans.push(Scan {
        at: moment.now,
        direction: shown.direction,
        gate: shown.gate.clone(),
        device: None,
        sequence: None,
        rule: offer.session.gates.reentry,
        counts: true,
    });
    Ok(command::Done { changes: vec![Row::from(Arc::new(admission)).into()], reply: Reply::Done })
}

#[test]
fn law_3_a_refund_without_a_receipt_is_noticed() {
    let what = noticed(|setting| Setting { plan: forgets_receipts_of_refunds, faults: false, ..setting });
    assert!(what.contains("law 3") && what.contains("has no receipt"), "{what}");
}

/// The rules, but for the one that what is given back has a receipt, too.
fn forgets_receipts_of_refunds(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    let is_refund = |order: &Order| order.kind() == OrderKind::Refund;
    let forgets = |order: &mut Arc<Order>| *order = Arc::new(order.with_extras(|extras| extras.entry.receipt = None));
    for change in &mut done.changes {
        if let Change::Put(Row::Order(order)) = change
            && is_refund(order)
        {
            forgets(order);
        }
    }
    if let Reply::Order(order) = &mut done.reply
        && is_refund(order)
    {
        forgets(order);
    }
    Ok(done)
}

#[test]
fn law_3_a_shift_that_forgets_a_payment_is_noticed() {
    let what = noticed(|setting| Setting { plan: counts_no_shift, faults: false, ..setting });
    assert!(what.contains("law 3") && what.contains("shift"), "{what}");
}

/// The rules, but for the one that what a till takes is counted in its shift.
fn counts_no_shift(world: &World, moment: &Moment, actor: &Actor, command: &Command) -> Planned {
    let mut done = command::plan(world, moment, actor, command)?;
    if !matches!(command, Command::Shift(_)) {
        done.changes.retain(|change| !matches!(change, Change::Put(Row::Shift(_))));
    }
    Ok(done)
}
